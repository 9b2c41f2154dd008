import { runInNewContext } from 'node:vm';
import { type Pair, parseDecisions } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';
import { verificationPage } from './verification-page.js';
import { verificationScript } from './verification-script.js';

const pairs: Pair[] = [0, 1, 2].map((i) => ({
  line: i + 1,
  tag: 1,
  item1: { id: `a${i}`, title: `Shirt </script> ${i}`, image: `a${i}.jpg` },
  item2: { id: `b${i}`, ...(i === 1 ? { image: 'b1.jpg' } : { title: 'Other' }) },
}));
const page = verificationPage(pairs, new Map([['a0.jpg', 'data:image/jpeg;base64,AAAA']]));

type Listener = (event: Record<string, unknown>) => unknown;

/** An element as far as the script needs one. */
class Element {
  textContent = '';
  hidden = false;
  src = '';
  alt = '';
  href = '';
  download = '';
  readonly dataset: Record<string, string> = {};
  readonly listeners = new Map<string, Listener>();
  readonly clicked: string[] = [];
  addEventListener(type: string, listener: Listener) {
    this.listeners.set(type, listener);
  }
  click() {
    this.clicked.push(this.download);
  }
}

/** Opens the page: its elements by id, keys, and what it saves. `storage` is that of the browser; null for one that keeps nothing. */
function open(storage: Map<string, string> | null = new Map()) {
  const elements = new Map<string, Element>();
  const ids = [...page.matchAll(/ id="([a-z0-9]+)"/g)].map(([, id]) => id as string);
  for (const id of ids) elements.set(id, new Element());
  const text = /<script type="application\/json" id="pairs">(.*)<\/script>/.exec(page)?.[1] ?? '';
  (elements.get('pairs') as Element).textContent = text;
  const listeners = new Map<string, Listener>();
  const saved: string[] = [];
  const refused = () => {
    throw new Error('denied');
  };
  runInNewContext(verificationScript, {
    document: {
      getElementById: (id: string) => elements.get(id),
      createElement: () => new Element(),
      addEventListener: (type: string, listener: Listener) => listeners.set(type, listener),
    },
    localStorage: {
      getItem: (key: string) => (storage ? (storage.get(key) ?? null) : refused()),
      setItem: (key: string, value: string) => (storage ? storage.set(key, value) : refused()),
    },
    Blob: class {
      constructor(parts: string[]) {
        saved.push(parts.join(''));
      }
    },
    URL: { createObjectURL: () => 'blob:', revokeObjectURL: () => {} },
    setTimeout: () => 0,
  });
  const of = (id: string) => elements.get(id) as Element;
  return {
    of,
    saved,
    press: (key: string, more: object = {}) => listeners.get('keydown')?.({ key, preventDefault() {}, ...more }),
    click: (id: string) => of(id).listeners.get('click')?.({}),
    read: (content: string) =>
      of('load').listeners.get('change')?.({ target: { files: [{ text: async () => content }], value: '' } }),
  };
}

describe('verificationPage', () => {
  it('shows a pair, goes to the next one that is not decided, and saves what `data build --decisions` reads', () => {
    const { of, press, click, saved } = open();
    expect([of('place').textContent, of('title1').textContent]).toEqual(['pair 1 of 3', 'Shirt </script> 0']);
    expect([of('picture1').hidden, of('picture1').src]).toEqual([false, 'data:image/jpeg;base64,AAAA']);
    expect([of('picture2').hidden, of('missing2').hidden]).toEqual([true, false]);
    press('a');
    expect(of('place').textContent).toBe('pair 2 of 3');
    press('ArrowRight');
    click('reject');
    expect([of('place').textContent, of('state').textContent]).toEqual(['pair 2 of 3', 'not decided']);
    expect(of('counts').textContent).toBe('1 accepted, 1 rejected, 1 left');
    click('save');
    expect(parseDecisions(saved[0] as string)).toEqual([
      { item1: 'a0', item2: 'b0', decision: 'accept' },
      { item1: 'a2', item2: 'b2', decision: 'reject' },
    ]);
  });

  it('takes a decision back, leaves shortcuts of the browser alone, and says when all is decided', () => {
    const { of, press, saved } = open();
    press('r', { ctrlKey: true });
    press('x');
    expect(of('counts').textContent).toBe('0 accepted, 0 rejected, 3 left');
    for (const key of ['A', 'r', 'a']) press(key);
    expect(of('note').textContent).toContain('every pair is decided');
    press('u');
    press('s');
    expect(parseDecisions(saved[0] as string)).toHaveLength(2);
  });

  it('goes on where it was left, and does without a browser that keeps nothing', () => {
    const storage = new Map<string, string>();
    open(storage).press('a');
    const again = open(storage);
    expect([again.of('place').textContent, again.of('counts').textContent]).toEqual([
      'pair 2 of 3',
      '1 accepted, 0 rejected, 2 left',
    ]);
    const forgetful = open(null);
    forgetful.press('a');
    expect(forgetful.of('note').textContent).toContain('keeps nothing');
    expect(forgetful.of('counts').textContent).toBe('1 accepted, 0 rejected, 2 left');
  });

  it('reads decisions back, in either order of the two, and says what is no such file', async () => {
    const { of, read } = open();
    await read(
      '{"version":1,"decisions":[{"item1":"b1","item2":"a1","decision":"reject"},{"item1":"z","item2":"y","decision":"accept"}]}',
    );
    expect([of('note').textContent, of('counts').textContent]).toEqual([
      '1 decisions taken from the file',
      '0 accepted, 1 rejected, 2 left',
    ]);
    for (const content of ['no JSON', 'null', '{"version":2,"decisions":[]}', '[]']) {
      await read(content);
      expect(of('note').textContent).toBe('that is no file of decisions');
    }
  });

  it('has no tag from a title, no address to load, and a policy that lets it load none', () => {
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page).not.toMatch(/(src|href)="(?!data:)[^"]/);
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).toContain('img-src data:');
  });
});
