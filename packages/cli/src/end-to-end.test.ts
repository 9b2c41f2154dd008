import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSafetensors, writeSafetensors } from '@uniecs/tensor/node';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from './run.js';
import { runCommand as uniecs } from './testing/run-command.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const bin = join(import.meta.dirname, '..', 'dist', 'uniecs.js');
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What is done with a command while it runs. */
interface Watch {
  /** Flags of Node. */
  readonly node?: readonly string[];
  /** Sees what stands on standard error so far. */
  readonly watch?: (child: ChildProcess, err: string) => void;
}

/** The built command in a process of its own. */
function spawned(args: readonly string[], { node = [], watch }: Watch = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, bin, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
      watch?.(child, err);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/**
 * The built command, sent signals: each when a text has come up on standard error, in turn. The command waits in the midst of writing
 * that text until the signal is sent, so that it is at the same place however busy the machine is.
 */
async function signalled(
  args: readonly string[],
  signals: readonly (readonly [text: string, signal: NodeJS.Signals])[],
): Promise<Outcome> {
  const sent = await mkdtemp(at('sent-'));
  const hold = `
    import { existsSync } from 'node:fs';
    const texts = ${JSON.stringify(signals.map(([text]) => text))};
    const write = process.stderr.write.bind(process.stderr);
    const idle = new Int32Array(new SharedArrayBuffer(4));
    let next = 0;
    process.stderr.write = (chunk, ...rest) => {
      const done = write(chunk, ...rest);
      if (next === texts.length || !String(chunk).includes(texts[next])) return done;
      const file = ${JSON.stringify(sent)} + '/' + next++;
      for (let waits = 0; !existsSync(file); waits++) {
        if (waits === 10_000) process.exit(99);
        Atomics.wait(idle, 0, 0, 5);
      }
      return done;
    };`;
  await writeFile(join(sent, 'hold.mjs'), hold);
  let next = 0;
  return spawned(args, {
    node: ['--import', pathToFileURL(join(sent, 'hold.mjs')).href],
    watch: (child, err) => {
      const [text, signal] = signals[next] ?? [];
      if (text === undefined || !err.includes(text)) return;
      child.kill(signal);
      writeFileSync(join(sent, `${next++}`), '');
    },
  });
}

/** Every line is JSON, whatever it tells. */
const events = (text: string) => {
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line));
};

const training = () => ['train', '--train', at('cat/train.jsonl'), '--val', at('cat/val.jsonl'), '--batch-size', '8'];
const search = (...more: string[]) => uniecs('search', '--model', at('model'), '--index', at('lance'), ...more);

async function items(): Promise<Record<string, string | number>[]> {
  const lines = (await readFile(at('cat/catalog.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

beforeAll(async () => {
  if (!existsSync(bin)) throw new Error(`expected the built command ${bin}: run npx tsup first`);
  folder = await mkdtemp(join(tmpdir(), 'uniecs-cli-'));
  process.env.XDG_CACHE_HOME = at('cache');
  const generated = await spawned(['data', 'generate', '--out', 'cat', '--pairs', '24', '--seed', '3']);
  expect(generated.code, generated.err).toBe(0);
  const trained = await spawned([...training(), '--out', 'model', '--steps', '2', '--device', 'auto']);
  expect(trained.code, trained.err).toBe(0);
  expect(trained.out).toMatch(/^trained 2 steps in .* pairs a second\), <?\d+ % of the steps' time waiting for data$/m);
  expect(trained.out).toContain('mean of the 5 with an image-only side');
  expect(trained.err).toContain('device: cpu');
  expect(trained.err).toMatch(/step 2\/2 {2}loss \d/);
  expect(trained.err).not.toContain('Hi, looks like');
  expect(await readdir(at('cache', 'uniecs', 'images'))).toHaveLength(1);
  for (const [store, to] of [
    ['lancedb', 'lance'],
    ['exact', 'exact'],
  ] as const) {
    const { code, err } = await uniecs(
      ...['index', '--model', at('model'), '--items', at('cat/catalog.jsonl'), '--store', store, '--to', at(to)],
    );
    expect(code, err).toBe(0);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('done', () => {
  it('a model folder has all that inference needs', async () => {
    const files = await readdir(at('model'));
    expect(files).toEqual(
      expect.arrayContaining(['model.safetensors', 'config.json', 'tokenizer.json', 'README.md', 'metrics.jsonl']),
    );
  });

  it('eval prints the nine tasks and writes the same as JSON', async () => {
    const { code, out } = await uniecs(
      ...['eval', '--model', at('model'), '--pairs', at('cat/test.jsonl'), '--json', at('report.json')],
    );
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(at('report.json'), 'utf8'));
    expect(report).toMatchObject({ version: 1, pairs: 8 });
    expect(Object.keys(report.tasks)).toHaveLength(9);
    expect(out).toMatch(new RegExp(`^mean +${report.mean['R@1'].toFixed(3)}`, 'm'));
  });

  it('eval encodes nothing a second time, unless the model has changed or it is told not to keep embeddings', async () => {
    const evaluate = (...more: string[]) =>
      uniecs('eval', '--model', at('model'), '--pairs', at('cat/test.jsonl'), ...more);
    const kept = ['--embedding-cache', at('embeddings')];
    const [first, second] = [await evaluate(...kept), await evaluate(...kept)];
    expect([first.code, second.code], second.err).toEqual([0, 0]);
    expect(first.err).not.toContain('from before');
    expect(second.err).toMatch(/embeddings of (\d+) of \1 items were there from before/);
    const off = await evaluate('--embedding-cache', 'off');
    expect(off.err).not.toContain('from before');
    expect([second.out, off.out]).toEqual([first.out, first.out]);
    await cp(at('model'), at('other'), { recursive: true });
    const bytes = await readFile(at('other/model.safetensors'));
    bytes[bytes.length - 2] = (bytes[bytes.length - 2] as number) ^ 1;
    await writeFile(at('other/model.safetensors'), bytes);
    const other = await uniecs('eval', '--model', at('other'), '--pairs', at('cat/test.jsonl'), ...kept);
    expect([other.code, other.err.includes('from before')]).toEqual([0, false]);
    const refused = await evaluate('--embedding-cache', at('cat/test.jsonl'));
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('test.jsonl') });
  });

  it('eval judges a model on FashionIQ, with any pictures by the ids of its images, and says where they are missing', async () => {
    const catalogue = await items();
    const ids = catalogue.slice(0, 6).map((_, i) => `B${i}`);
    for (const category of ['dress', 'shirt', 'toptee']) {
      const captions = [1, 2].map((i) => ({ candidate: 'B0', target: `B${i}`, captions: ['is red', 'longer'] }));
      for (const [file, content] of Object.entries({
        [`image_splits/split.${category}.val.json`]: ids,
        [`captions/cap.${category}.val.json`]: captions,
      })) {
        await mkdir(dirname(at('iq', file)), { recursive: true });
        await writeFile(at('iq', file), JSON.stringify(content));
      }
    }
    const flags = ['--model', at('model'), '--pairs', at('iq'), '--dataset', 'fashioniq'];
    const without = await uniecs('eval', ...flags);
    expect(without.err).toContain(`the pictures of 12 items of fashioniq in ${at('iq')}`);
    expect(without.code).toBe(2);
    await mkdir(at('iq/images'));
    for (const [i, id] of ids.entries()) {
      await copyFile(at('cat', catalogue[i]?.image as string), at('iq/images', `${id}.png`));
    }
    const { code, out, err } = await uniecs('eval', ...flags);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^vt->v toptee .* 2 +6 +1$/m);
  });

  it('embed writes the same numbers as Parquet and as safetensors', async () => {
    for (const out of ['items.parquet', 'items.safetensors']) {
      const { code, err } = await uniecs(
        ...['embed', '--model', at('model'), '--items', at('cat/catalog.jsonl'), '--out', at(out)],
      );
      expect(code, err).toBe(0);
    }
    const bytes = await readFile(at('items.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const rows = await parquetReadObjects({ file });
    const { tensors, metadata } = await readSafetensors(at('items.safetensors'));
    const ids = (await items()).map(({ id }) => id);
    expect(rows.map(({ id }) => id)).toEqual(ids);
    expect(JSON.parse(metadata.ids ?? '')).toEqual(ids);
    for (const view of ['fused', 'image', 'text']) {
      expect(rows.flatMap((row) => row[view])).toEqual(Array.from(tensors.get(view)?.data as Float32Array));
    }
  });

  it('eval judges embeddings that embed wrote as it judges the model, and those of one view on their tasks', async () => {
    const pairs = ['--pairs', at('cat/test.jsonl'), '--json', at('report.json')];
    const model = await uniecs('eval', '--model', at('model'), ...pairs);
    const expected = await readFile(at('report.json'), 'utf8');
    for (const file of ['items.parquet', 'items.safetensors']) {
      const { code, out, err } = await uniecs('eval', '--embeddings', at(file), ...pairs);
      expect(code, err).toBe(0);
      expect(out).toBe(model.out);
      expect(await readFile(at('report.json'), 'utf8')).toBe(expected);
    }
    const { tensors, metadata } = await readSafetensors(at('items.safetensors'));
    await writeSafetensors(at('text.safetensors'), new Map([...tensors].filter(([name]) => name === 'text')), metadata);
    const { code, out, err } = await uniecs('eval', '--embeddings', at('text.safetensors'), ...pairs);
    expect(code, err).toBe(0);
    expect(err).toContain('not counted, for want of embeddings: t->v, t->vt, v->t, v->v, v->vt, vt->t, vt->v, vt->vt');
    expect(out).toContain('mean of the 1 counted');
    const report = JSON.parse(await readFile(at('report.json'), 'utf8'));
    expect(report.tasks['t->t']).toEqual(JSON.parse(expected).tasks['t->t']);
    expect(report.notCounted).toHaveLength(8);
  });

  it('both stores give the same answers, by text, by image and by both', async () => {
    const [first] = await items();
    const text = ['--text', String(first?.title)];
    const image = ['--image', at('cat', String(first?.image))];
    for (const query of [text, image, [...text, ...image]]) {
      const [lance, exact] = await Promise.all(
        ['lance', 'exact'].map((index) =>
          uniecs('search', '--model', at('model'), '--index', at(index), ...query, '--json', '--k', '7'),
        ),
      );
      expect(lance?.code, lance?.err).toBe(0);
      expect(lance?.out).toBe(exact?.out);
      const hits = JSON.parse(lance?.out ?? '');
      expect(hits).toHaveLength(7);
      expect(Object.keys(hits[0])).toEqual(['rank', 'score', 'id', 'title', 'image', 'metadata']);
      if (query.length === 4) expect(hits[0]).toMatchObject({ rank: 1, id: first?.id, title: first?.title });
    }
  });

  it('a table by default; the spawned command prints the same', async () => {
    const query = ['--text', 'red shirt', '--k', '3'];
    const inside = await search(...query);
    expect(inside.out.split('\n')).toHaveLength(5);
    expect(inside.out).toMatch(/^rank +score +id +title\n +1 +0\.\d{4} +\d{5} +\w/);
    const outside = await spawned(['search', '--model', 'model', '--index', 'lance', ...query]);
    expect(outside).toMatchObject({ code: 0, out: inside.out, err: '' });
  });

  it('--like leaves the item itself out, --where filters, --k limits', async () => {
    const all = await items();
    const like = JSON.parse((await search('--like', '00001', '--json', '--k', '1000')).out);
    expect(like).toHaveLength(all.length - 1);
    expect(like.map(({ id }: { id: string }) => id)).not.toContain('00001');
    const cheap = JSON.parse((await search('--text', 'shirt', '--where', 'price < 30', '--json', '--k', '1000')).out);
    const expected = all.filter(({ price }) => Number(price) < 30).map(({ id }) => id);
    expect(cheap.map(({ id }: { id: string }) => id).sort()).toEqual(expected.sort());
  });

  it('--weight moves from the words to the picture, --not-text away from words', async () => {
    const [first] = await items();
    const image = at('cat', String(first?.image));
    const scores = async (...more: string[]) => {
      const { out, err } = await search(...more, '--json', '--k', '1000');
      expect(err).toBe('');
      return new Map((JSON.parse(out) as { id: string; score: number }[]).map(({ id, score }) => [id, score]));
    };
    const both = ['--text', 'red cap', '--image', image];
    const words = await scores('--text', 'red cap');
    const picture = await scores('--image', image);
    const weighted = await scores(...both, '--weight', 'image=0,text=1');
    expect([...weighted.keys()]).toEqual([...words.keys()]);
    expect([...(await scores(...both, '--weight', 'image=2')).keys()]).toEqual([...picture.keys()]);
    const without = await scores('--image', image, '--not-text', 'red cap');
    expect([...without.keys()]).not.toEqual([...picture.keys()]);
  });

  it('where nothing passes, nothing is printed on standard output, or an empty list', async () => {
    const nothing = ['--text', 'red', '--where', 'price < 0'];
    expect(await search(...nothing)).toMatchObject({ code: 0, out: '', err: 'no item was found\n' });
    expect(JSON.parse((await search(...nothing, '--json')).out)).toEqual([]);
  });

  it('a reader that stops early is no error', async () => {
    const child = spawn(process.execPath, [bin, 'search', '--model', 'model', '--index', 'lance', '--text', 'red'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    let text = '';
    child.stderr.on('data', (chunk) => {
      text += chunk;
    });
    const exit = await new Promise((resolve) => child.on('close', resolve));
    expect(text).toBe('');
    expect(exit).toBe(0);
  });

  it('doctor finds that what was just used works', async () => {
    const { code, out } = await uniecs('doctor');
    expect(out).not.toContain('FAILS');
    expect(code).toBe(0);
  });
});

describe('interrupted', () => {
  it('Ctrl-C saves and exits 130, and --resume ends the run as if nothing had been', async () => {
    await writeFile(at('bad-end.jsonl'), `${await readFile(at('cat/train.jsonl'), 'utf8')}no json\n`);
    const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8');
    await writeFile(at('drift.mjs'), /```js\n(export default .*?)```/s.exec(readme)?.[1] ?? '');
    const data = ['train', '--train', at('bad-end.jsonl'), '--val', at('cat/val.jsonl'), '--images', at('cat')];
    data.push('--skip-bad', '--batch-size', '8', '--steps', '7', '--log-format', 'jsonl');
    // One term of the package's and one of the README's are enough here, and quick to compile.
    data.push('--drop', 'CMAL,CLAL,IMCL', '--term', at('drift.mjs'));
    const args = [...data, '--out', at('stopped')];

    const first = await signalled(args, [['"type":"step"', 'SIGINT']]);
    expect(first.code, first.err).toBe(130);
    expect(first.err).toContain('bad-end.jsonl: skipped 1 of 25 lines');
    expect(first.err).toContain('--resume');
    expect(events(first.err)).toContainEqual({ type: 'note', text: 'stopping; once more stops at once' });
    const steps = events(first.err).filter(({ type }) => type === 'step');
    // The step after the one at which the signal was sent is the one at work when it comes.
    expect(steps.map(({ step }) => step)).toEqual([1, 2]);
    expect(Object.keys(steps[0].terms)).toEqual(['TASKS', 'DRIFT']);
    expect(events(first.out)).toEqual([
      expect.objectContaining({ type: 'summary', interrupted: true, steps: steps.length, model: at('stopped') }),
    ]);
    expect(await readdir(at('stopped/checkpoints'))).toContain(`step-0000000${steps.length}`);

    const again = await uniecs(...args);
    expect(again.code).toBe(2);
    const hint = expect.stringContaining('--resume');
    expect(events(again.err).at(-1)).toMatchObject({ type: 'error', code: 'file', message: hint, hint, exitCode: 2 });

    // Settings, files and the term are the stored ones; nothing has to be given again.
    const second = await uniecs('train', '--out', at('stopped'), '--resume', '--log-format', 'jsonl');
    expect(second.code, second.err).toBe(0);
    expect(events(second.err)).toContainEqual(expect.objectContaining({ type: 'start', resumedFrom: steps.length }));
    // It stays on its device: none is tried, chosen and told.
    expect(second.err).not.toContain('device: ');
    const [summary, ...none] = events(second.out);
    expect(none).toEqual([]);
    expect(summary).toMatchObject({ type: 'summary', steps: 7, interrupted: false, report: { version: 1 } });
    const metrics = (await readFile(at('stopped/metrics.jsonl'), 'utf8')).trim().split('\n');
    const logged = metrics.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
    expect(logged.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const page = await readFile(at('stopped/report.html'), 'utf8');
    for (const text of ['7 of 7', 'Term DRIFT', 'mark resumed', 'finished']) expect(page).toContain(text);

    const whole = await uniecs(...data, '--out', at('whole'));
    expect(whole.code, whole.err).toBe(0);
    const weights = ['model.safetensors', 'checkpoints/step-00000007/state.safetensors'];
    const digests = async (out: string, files: readonly string[]) =>
      Promise.all(
        files.map(async (file) =>
          createHash('sha256')
            .update(await readFile(at(out, file)))
            .digest('hex'),
        ),
      );
    expect(await digests('stopped', weights)).toEqual(await digests('whole', weights));
    // Null control: the state of another step is another.
    const other = ['checkpoints/step-00000006/state.safetensors'];
    expect(await digests('stopped', other)).not.toEqual(await digests('stopped', weights.slice(1)));
  });

  it('a terminal that closes is told twice, and the run saves and exits 129', async () => {
    const args = [...training(), '--out', at('hung-up'), '--steps', '4', '--log-format', 'jsonl'];
    const { code, err } = await signalled(
      [...args, '--drop', 'CMAL,CLAL,IMCL'],
      [
        ['"type":"step"', 'SIGHUP'],
        ['stopping', 'SIGHUP'],
      ],
    );
    expect(code, err).toBe(129);
    expect(err).toContain('stopped after step 2, which is saved');
    expect(await readdir(at('hung-up/checkpoints'))).toContain('step-00000002');
  });

  it('with --log-format jsonl warnings, what a module prints, and what is wrong are lines of JSON too', async () => {
    const noise = "console.log('%s printed', 'I'); console.error('oops'); process.emitWarning('beware');";
    await writeFile(at('noisy.mjs'), `${noise}\nawait new Promise(setImmediate);\nexport default 7;\n`);
    const { code, out, err } = await spawned([
      ...training(),
      '--out',
      'x',
      '--term',
      'noisy.mjs',
      '--log-format=jsonl',
    ]);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(events(err)).toEqual([
      { type: 'note', text: 'I printed' },
      { type: 'note', text: 'oops' },
      { type: 'warning', name: 'Warning', text: 'beware' },
      expect.objectContaining({ type: 'error', code: 'argument', exitCode: 2 }),
    ]);
    const misspelt = await uniecs(...training(), '--out', 'x', '--log-format', 'jsonl', '--stepz', '1');
    expect(misspelt.code).toBe(2);
    const message = expect.stringContaining("unknown option '--stepz'");
    expect(events(misspelt.err)).toEqual([{ type: 'error', code: 'argument', message, exitCode: 2 }]);
    const missing = await uniecs(
      'train',
      '--train',
      'no.jsonl',
      '--val',
      'no.jsonl',
      '--out',
      'x',
      '--log-format=jsonl',
    );
    expect(events(missing.err).at(-1)).toMatchObject({ type: 'error', code: 'file', exitCode: 2 });
  });

  it('a second signal stops at once: nothing is saved, and the checkpoint before is whole', async () => {
    await writeFile(at('often.yaml'), 'checkpointEvery: 1\n');
    const args = [
      ...training(),
      '--out',
      at('at-once'),
      '--steps',
      '6',
      '--log-format',
      'jsonl',
      '--drop',
      'CMAL,CLAL,IMCL',
    ];
    const withConfig = [...args, '--config', at('often.yaml')];
    const first = await signalled(withConfig, [
      ['"type":"checkpoint","step":1', 'SIGINT'],
      ['stopping', 'SIGTERM'],
    ]);
    expect(first.code, first.err).toBe(143);
    expect(first.err).toContain('stopping');
    expect(first.err).not.toContain('is saved');
    const saved = events(first.err).filter(({ type }) => type === 'checkpoint');
    const second = await uniecs('train', '--out', at('at-once'), '--resume', '--log-format', 'jsonl');
    expect(second.code, second.err).toBe(0);
    const { resumedFrom } = events(second.err).find(({ type }) => type === 'start');
    expect(saved.map(({ step }) => step)).toEqual([0, 1]);
    expect(resumedFrom).toBe(1);
    expect(events(second.out)).toContainEqual(
      expect.objectContaining({ type: 'summary', steps: 6, interrupted: false }),
    );
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('%s exits %d, whatever is at work, and leaves nothing half done', async (signal, exit) => {
    const before = await readdir(folder);
    for (const args of [
      ['data', 'generate', '--out', at('half'), '--pairs', '2'],
      ['embed', '--model', at('model'), '--items', at('cat/catalog.jsonl'), '--out', at('half.parquet')],
      ['index', '--model', at('model'), '--items', at('cat/catalog.jsonl'), '--store', 'lancedb', '--to', at('half')],
      ['eval', '--model', at('model'), '--pairs', at('cat/test.jsonl')],
      [...training(), '--out', at('half')],
    ]) {
      const silent = { write: () => {} };
      expect(await run(args, { stdout: silent, stderr: silent, signal: AbortSignal.abort(signal) })).toBe(exit);
      expect(await readdir(folder)).toEqual(before);
    }
  });
});

describe('bad input', () => {
  let bad: string[];
  beforeAll(async () => {
    const [first, second] = (await readFile(at('cat/train.jsonl'), 'utf8')).split('\n').map((line) => line);
    const pair = JSON.parse(first ?? '');
    await writeFile(at('cat/broken.png'), 'no picture');
    bad = [
      JSON.stringify(pair),
      '{ no json',
      JSON.stringify({ ...pair, item_id_1: undefined }),
      JSON.stringify(pair),
      JSON.stringify({ ...pair, item_id_1: 'x1', item_image_1: 'images/none.png' }),
      JSON.stringify({ ...pair, item_id_1: 'x2', item_image_1: 'broken.png' }),
      JSON.stringify({ ...pair, item_id_1: 'x3', item_image_1: null, item_title_1: '' }),
      second ?? '',
    ];
    await writeFile(at('cat/bad.jsonl'), `${bad.join('\n')}\n`);
  });

  it('data validate lists every problem with its line and counts the rest', async () => {
    const { code, out } = await uniecs('data', 'validate', at('cat/bad.jsonl'));
    expect(code).toBe(2);
    const lines = out.split('\n').filter((line) => line.startsWith(at('cat/bad.jsonl:')));
    const places = lines.map((line) => Number(/bad\.jsonl:(\d+): \S/.exec(line)?.[1]));
    expect(places.filter((line) => line > 0)).toEqual([2, 3, 4, 5, 6, 7]);
    expect(out).toContain('8 lines, 2 good pairs of 4 products, 6 problems');
    expect(out).toMatch(/item 1 +2 +0 +0/);
  });

  it('data validate reads item files as well', async () => {
    const { code, out } = await uniecs('data', 'validate', at('cat/catalog.jsonl'));
    expect(code).toBe(0);
    expect(out).toContain('good items');
    await writeFile(at('bad-items.jsonl'), '{"id":"1"}\n{"id":"2","title":"a","size":[1]}\n');
    const problems = await uniecs('data', 'validate', at('bad-items.jsonl'));
    expect(problems.code).toBe(2);
    expect(problems.out).toMatch(/bad-items\.jsonl:1: .*\n.*bad-items\.jsonl:2: size must be/);
  });

  it('train stops before the first step and writes nothing', async () => {
    const args = ['train', '--train', at('cat/bad.jsonl'), '--val', at('cat/val.jsonl'), '--out', at('never')];
    const { code, err } = await uniecs(...args);
    expect(code).toBe(2);
    expect(err).toMatch(/bad\.jsonl:2: .*\n.*bad\.jsonl:3: /);
    expect(err).toContain('--skip-bad');
    expect(err).not.toContain('    at ');
    expect(existsSync(at('never'))).toBe(false);
  });

  it('more than twenty problems are counted', async () => {
    await writeFile(at('cat/worse.jsonl'), 'x\n'.repeat(25));
    const { code, err } = await uniecs('eval', '--model', at('model'), '--pairs', at('cat/worse.jsonl'));
    expect(code).toBe(2);
    expect(err.split('\n').filter((line) => line.includes('worse.jsonl:'))).toHaveLength(20);
    expect(err).toContain('and 5 more\n');
  });

  it.each([
    ['a train file that is not there', () => ['--train', at('none.jsonl')], 'none.jsonl'],
    ['a folder that holds something', () => ['--out', at('cat')], 'to be new or empty'],
    ['a finished run without --resume', () => ['--out', at('model')], 'pass --resume'],
    ['--resume where no run is', () => ['--out', at('nothing'), '--resume'], 'leave --resume out'],
    ['a pattern that means nothing', () => ['--freeze', 'image_encodr', '--out', at('fresh')], 'image_encoder'],
    ['a term to drop that there is not', () => ['--drop', 'CLAX'], 'choose from V2T'],
    ['all terms dropped', () => ['--drop', 'CMAL,CLAL,IMCL,TASKS'], 'at least one term'],
    ['a micro-batch above the batch', () => ['--micro-batch', '9'], 'microBatch'],
    ['settings that are not there', () => ['--config', at('none.yaml')], 'none.yaml'],
    ['a term that is not there', () => ['--term', at('none.mjs')], 'none.mjs'],
    ['a model to start from that is not there', () => ['--init', at('none'), '--out', at('fresh')], 'none'],
    ['the settings of another run', () => ['--out', at('model'), '--resume', '--seed', '8'], 'settings'],
    ['more steps than the run had', () => ['--out', at('model'), '--resume', '--steps', '9'], 'settings.steps 2'],
    ['another size than the run had', () => ['--out', at('model'), '--resume', '--size', 'small'], 'size'],
  ])('train refuses %s', async (_, args, complaint) => {
    const before = existsSync(at('model')) ? await readdir(at('model')) : [];
    const { code, err } = await uniecs(...training(), '--steps', '2', '--out', at('never'), ...args());
    expect(err).toContain(complaint);
    expect(err).not.toContain('    at ');
    expect(code, err).toBe(2);
    expect(await readdir(at('model'))).toEqual(before);
    await rm(at('never'), { recursive: true, force: true });
    await rm(at('fresh'), { recursive: true, force: true });
  });

  it('unknown keys in the settings stop train', async () => {
    await writeFile(at('settings.yaml'), 'epochs: 1\nlosses:\n  v2t: { temprature: 1 }\n');
    const { code, err } = await uniecs(...training(), '--out', at('never'), '--config', at('settings.yaml'));
    expect(code).toBe(2);
    expect(err).toContain('settings.yaml:3: losses.v2t.temprature: unknown key; did you mean temperature?');
  });

  it('a loss that becomes NaN stops the run with term and step, and exits 1', async () => {
    await writeFile(at('wild.yaml'), 'warmupSteps: 0\naugmentation: false\n');
    const args = [
      '--out',
      at('wild'),
      '--steps',
      '6',
      '--lr',
      '1e30',
      '--config',
      at('wild.yaml'),
      '--drop',
      'CLAL,IMCL',
    ];
    const { code, err } = await uniecs(...training(), ...args);
    expect(code, err).toBe(1);
    expect(err).toMatch(/NaN|infinit/i);
    expect(err).toMatch(/step \d/);
  });

  it('a device that is not there is told before the data are read, and exits 1', async () => {
    const args = ['train', '--train', at('cat/bad.jsonl'), '--val', at('none.jsonl'), '--out', at('never')];
    const { code, err } = await uniecs(...args, '--device', 'tfjs:node-gpu');
    expect(err).toMatch(/^error: expected the package @tensorflow\/tfjs-node-gpu/);
    expect(code).toBe(1);
    expect(existsSync(at('never'))).toBe(false);
  });

  it("a save that is refused during the run exits 1: it is not the user's input that is bad", async () => {
    let err = '';
    const write = (text: string) => {
      err += text;
      if (!text.includes('"type":"start"')) return;
      // Where the checkpoints would be there is a file now.
      rmSync(at('refused/checkpoints'), { recursive: true });
      writeFileSync(at('refused/checkpoints'), '');
    };
    const args = [...training(), '--out', at('refused'), '--steps', '1', '--drop', 'CMAL,CLAL,IMCL'];
    const io = { stdout: { write: () => {} }, stderr: { write }, signal: new AbortController().signal };
    expect(await run([...args, '--log-format', 'jsonl'], io), err).toBe(1);
    expect(events(err).at(-1)).toMatchObject({ type: 'error', code: 'file', where: 'writeCheckpoint', exitCode: 1 });
  });

  it('a truncated model is an error about that file', async () => {
    await cp(at('model'), at('truncated'), { recursive: true });
    const file = await open(at('truncated/model.safetensors'), 'r+');
    await file.truncate(100_000);
    await file.close();
    const { code, err } = await uniecs('eval', '--model', at('truncated'), '--pairs', at('cat/test.jsonl'));
    expect(err).toContain('model.safetensors');
    expect(code).toBe(2);
  });

  it('an index made by another model is refused', async () => {
    await cp(at('model'), at('other'), { recursive: true });
    const path = at('other/model.safetensors');
    const bytes = await readFile(path);
    bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const args = ['search', '--model', at('other'), '--index', at('lance'), '--text', 'red'];
    const { code, err } = await uniecs(...args);
    expect(err).toContain('made with another one');
    expect(code).toBe(2);
  });

  it.each([
    ['nothing to look for', () => [], 'give --text'],
    ['an id that is not there', () => ['--like', 'nobody'], "an item 'nobody'"],
    ['a picture that is not there', () => ['--image', at('none.png')], 'none.png'],
    ['a filter that is none', () => ['--text', 'red', '--where', 'price <'], 'at character'],
    ['a filter over no field', () => ['--text', 'red', '--where', 'prize < 3'], 'price'],
    ['weights of words alone', () => ['--text', 'red', '--weight', 'text=1'], 'no image'],
    ['a query that is all unwanted', () => ['--text', 'red', '--not-text', 'red'], 'cancel out'],
  ])('search refuses %s', async (_, args, complaint) => {
    const { code, out, err } = await search(...args());
    expect(err).toContain(complaint);
    expect(err).not.toContain('    at ');
    expect(out).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    ['a model that is not there', () => ['eval', '--model', at('none'), '--pairs', at('cat/test.jsonl')], 'none'],
    [
      'an index that is not there',
      () => ['search', '--model', at('model'), '--index', at('none'), '--text', 'a'],
      'none',
    ],
    [
      'an index where something is',
      () => [
        'index',
        '--model',
        at('model'),
        '--items',
        at('cat/catalog.jsonl'),
        '--store',
        'exact',
        '--to',
        at('cat'),
      ],
      'choose another --to',
    ],
    [
      'a catalogue where something is',
      () => ['data', 'generate', '--out', at('cat'), '--pairs', '2'],
      'choose another folder',
    ],
    [
      'embeddings that are not there',
      () => ['eval', '--embeddings', at('none.parquet'), '--pairs', at('cat/test.jsonl')],
      'none.parquet',
    ],
    ['a file to validate that is not there', () => ['data', 'validate', at('none.jsonl')], 'none.jsonl'],
    [
      'embeddings where there is no folder',
      () => ['embed', '--model', at('model'), '--items', at('cat/catalog.jsonl'), '--out', at('no/where.parquet')],
      'where.parquet',
    ],
  ])('refuses %s', async (_, args, complaint) => {
    const { code, err } = await uniecs(...args());
    expect(err).toContain(complaint);
    expect(err).not.toContain('    at ');
    expect(code).toBe(2);
  });

  it('bad flags exit 2, help and version 0, and --verbose shows where an error comes from', async () => {
    expect((await spawned([])).code).toBe(2);
    expect((await uniecs('trian')).code).toBe(2);
    expect((await uniecs('train')).code).toBe(2);
    expect((await uniecs('data')).code).toBe(2);
    expect((await uniecs('--help')).code).toBe(0);
    expect(await uniecs('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const { err } = await uniecs('data', 'validate', at('none.jsonl'), '--verbose');
    expect(err).toMatch(/\n {4}at /);
  });
});
