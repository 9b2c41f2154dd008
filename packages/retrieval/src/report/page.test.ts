import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../files/manifest.js';
import { lineClass } from './line-chart.js';
import { type PageContent, reportPage } from './page.js';
import { pageScript } from './page-script.js';
import { addLine, addText, emptyHistory, type RunHistory } from './run-history.js';
import { runLines } from './testing/run-lines.js';

type Line = Record<string, never> & { type: string; step: number };

function historyOf(lines: Iterable<object>): RunHistory {
  const history = emptyHistory();
  for (const line of lines) addLine(history, line);
  return history;
}

function pageOf(history: RunHistory, more: Partial<PageContent> = {}): string {
  return reportPage({ name: 'first', history, manifest: undefined, writtenAt: new Date(0), ...more });
}

const manifest: Manifest = {
  version: 1,
  status: 'finished',
  startedAt: '2030-01-01T00:00:00.000Z',
  resumedAt: [{ time: '2030-01-02T00:00:00.000Z', step: 12 }],
  finishedAt: '2030-01-03T00:00:00.000Z',
  seed: 41,
  settings: { batchSize: 96, optimizer: { beta2: 0.98 }, drop: [] } as never,
  model: { fusion: { width: 128 } } as never,
  device: 'cpu',
  terms: ['V2T', 'PLC'],
  data: { train: { pairs: 600, sha256: 'abc' } } as never,
  versions: { node: '20.19.0', 'onnxruntime-node': '1.2.3' },
  machine: { platform: 'linux x64', cpu: 'Some CPU', cores: 2, memoryBytes: 2 ** 33 },
  starts: [{ device: 'cpu' }, { device: 'webgpu' }] as never,
  peakRssBytes: 2 ** 30,
};

/** The exact numbers that the page's tables hold. */
function numbersIn(page: string): Set<number> {
  return new Set([...page.matchAll(/<data value="([^"]*)">/g)].map(([, value]) => Number(value)));
}

/** No number went astray on its way into the page. */
function expectSound(page: string): void {
  expect(page.replace(pageScript, '')).not.toMatch(/NaN|Infinity|undefined|\[object/);
}

function figure(page: string, title: string): string {
  const found = page.split('<figure').find((part) => part.includes(`<h3>${title}`));
  if (found === undefined) throw new Error(`no chart '${title}'`);
  return found.slice(0, found.indexOf('</figure>'));
}

describe('reportPage', () => {
  const lines = [...runLines(30, 10)] as unknown as Line[];
  const page = pageOf(historyOf(lines), { manifest });

  it('holds the first, last, lowest and highest number of every series as the lines have them', () => {
    const shown = numbersIn(page);
    const steps = lines.filter(({ type }) => type === 'step') as unknown as Record<string, number>[];
    const series = ['loss', 'entropy', 'learningRate', 'pairsPerSecond', 'dataWait', 'rssBytes'].map((name) =>
      steps.map((step) => step[name] as number),
    );
    for (const field of ['terms', 'lambdas', 'gradNorms']) {
      for (const term of ['V2T', 'PLC']) {
        series.push(steps.map((step) => (step[field] as unknown as Record<string, number>)[term] as number));
      }
    }
    for (const values of series) {
      for (const value of [values[0], values.at(-1), Math.min(...values), Math.max(...values)]) {
        expect(shown).toContain(value);
      }
    }
  });

  it('holds every number of every validation, and marks the best one', () => {
    const shown = numbersIn(page);
    const validations = lines.filter(({ type }) => type === 'validation') as never as {
      step: number;
      isBest: boolean;
      report: { mean: Record<string, number>; tasks: Record<string, Record<string, number>> };
    }[];
    for (const { report } of validations) {
      for (const values of [report.mean, ...Object.values(report.tasks)]) {
        for (const column of ['R@1', 'R@5', 'R@10']) expect(shown).toContain(values[column]);
      }
    }
    const best = validations.findLast(({ isBest }) => isBest)?.step;
    expect(page.match(/<tr class="best"><th scope="row">(\d+) /g)).toEqual(
      Array(3).fill(`<tr class="best"><th scope="row">${best} `),
    );
    expect(page).toContain(`The best: step ${best}`);
    const tasks = validations.at(-1)?.report.tasks ?? {};
    const sided = ['t->v', 'v->t', 'v->v', 'v->vt', 'vt->v'].map((name) => tasks[name]?.['R@10'] ?? 0);
    const mean = sided.reduce((sum, value) => sum + value, 0) / 5;
    expect([...shown].some((value) => Math.abs(value - mean) < 1e-12)).toBe(true);
  });

  it('draws a chart of each of what a step tells, fields that nobody foresaw included', () => {
    const more = lines.map((line) => (line.type === 'step' ? { ...line, gradNorm: 2, ema: { decay: 0.99 } } : line));
    const titles = (text: string) => [...text.matchAll(/<figcaption><h3>([^<]*)/g)].map(([, title]) => title);
    const foreseen = [
      'Loss',
      'Validation',
      'Term V2T',
      'Term PLC',
      'Weights',
      'Entropy of the weights',
      'Gradient norms by term',
      'Learning rate',
      'Speed',
      'Waiting for data',
      'Memory',
      'Masked false negatives',
    ];
    expect(titles(page)).toEqual(foreseen);
    foreseen.splice(7, 0, 'Gradient norm');
    expect(titles(pageOf(historyOf(more)))).toEqual([...foreseen, 'ema.decay']);
  });

  it('draws a line through every step, and leaves a gap where a number is missing', () => {
    const spoilt = lines.map((line) => (line.step === 8 && line.type === 'step' ? { ...line, loss: null } : line));
    const way = (text: string) => /class="line c0 d0" d="([^"]*)"/.exec(figure(text, 'Loss'))?.[1] ?? '';
    expect(way(page).match(/[ML]/g)).toHaveLength(30);
    expect(way(page).match(/M/g)).toHaveLength(1);
    const broken = pageOf(historyOf(spoilt));
    expect(way(broken).match(/[ML]/g)).toHaveLength(29);
    expect(way(broken).match(/M/g)).toHaveLength(2);
    expect(broken).toContain('loss was no finite number at 1 step.');
    expect(page).not.toContain('no finite number');
    for (const text of [page, broken]) expectSound(text);
  });

  it('tells the share of the time after the first epoch that went into waiting for data', () => {
    const paced = [
      { epoch: 1, dataWait: 0.9, pairsPerSecond: 10 },
      { epoch: 2, dataWait: 0.01, pairsPerSecond: 100 },
      { epoch: 2, dataWait: 0.05, pairsPerSecond: 25 },
      { epoch: 3, dataWait: 0.03, pairsPerSecond: 50 },
    ].map((pace, i) => ({ type: 'step', step: i + 1, totalSteps: 4, loss: 1, ...pace }));
    const tile = (text: string) => /<dt>after the first epoch<\/dt><dd>([^<]*)</.exec(text)?.[1];
    // 10, 40 and 20 ms a pair: (0.1 + 2 + 0.6) of 70.
    expect(tile(pageOf(historyOf(paced)))).toBe('3.857 %');
    expect(tile(pageOf(historyOf(paced.slice(0, 1))))).toBe('-');
  });

  it('names settings, data, machine, versions, times and where the run was resumed', () => {
    for (const text of [
      'optimizer.beta2',
      '0.98',
      'Some CPU',
      'onnxruntime-node',
      '20.19.0',
      'train.sha256',
      '41',
      '1.device',
      'webgpu',
    ]) {
      expect(page).toContain(`>${text}<`);
    }
    expect(page).toContain('2030-01-02T00:00:00.000Z after step 12');
    const charts = page.match(/<figure/g)?.length;
    expect(page.match(/<path class="mark resumed"/g)).toHaveLength(charts as number);
    expect(page).toContain('finished');
  });

  it('says how a run ended, and that one is going on', () => {
    const failed = pageOf(historyOf(lines), { manifest: { ...manifest, status: 'failed', error: 'a NaN in <PLC>' } });
    expect(failed).toContain('The run failed: a NaN in &lt;PLC&gt;');
    expect(pageOf(historyOf(lines), { manifest: { ...manifest, status: 'running' } })).toContain('was going on');
    expect(page).not.toMatch(/was going on|failed:/);
  });

  it.each([
    ['nothing', [], 'No step yet'],
    ['one step', [...runLines(1, 9)].slice(0, 1), 'No validation yet'],
    ['a validation before any step', [...runLines(1, 1)].slice(1), 'The best: step 1,'],
  ])('can show %s', (_, few, said) => {
    const text = pageOf(historyOf(few));
    expect(text).toContain(said);
    expect(text).toContain('no manifest.json');
    expectSound(text);
  });

  it('tells skipped steps and whatever else happened', () => {
    const reason = 'a loss of NaN';
    const skipped = { type: 'skipped', step: 4, epoch: 1, totalSteps: 30, term: 'PLC', reason, items: ['<b>', 'x'] };
    const taken = lines.filter(({ type, step }) => type !== 'step' || (step !== 4 && step !== 30));
    const text = pageOf(historyOf([...taken, skipped, { ...skipped, step: 30 }]));
    expect(text).toContain('2 of &#39;skipped&#39;');
    expect(text).toContain('term: PLC; reason: a loss of NaN; items: [&quot;&lt;b&gt;&quot;,&quot;x&quot;]');
    expect(text).toContain('30 of 30');
    expect(numbersIn(figure(text, 'Skipped steps'))).toEqual(new Set([0, 1]));
    expect(figure(text, 'Loss')).toMatch(/class="line c0 d0" d="M[^M]*M[^M]*"/);
    expect(page).toContain('no step was skipped');
    expect(page).not.toContain('Skipped steps');
  });

  it('leaves damaged lines out and says so', () => {
    const history = historyOf(lines);
    for (const text of ['{"type":"step","step":31,"lo', '[]', '7', 'null', '{"type":"validation","step":3}', '']) {
      addText(history, text);
    }
    expect(pageOf(history)).toContain('5 lines of metrics.jsonl could not be read');
    expect(page).not.toContain('could not be read and');
  });
});

describe('a hostile name', () => {
  const evil = `</script><script>alert("1")</script><img src=x onerror='alert(1)'>&`;
  const lines = [...runLines(12, 4, [evil, 'PLC'])].map((line) => {
    const { report } = line as { report?: { tasks: object } };
    return report ? { ...line, report: { ...report, tasks: { ...report.tasks, [evil]: { 'R@1': 0.5 } } } } : line;
  });
  const history = historyOf([...lines, { type: evil, step: 3, [evil]: evil }]);
  const page = pageOf(history, {
    name: evil,
    manifest: { ...manifest, error: evil, terms: [evil], settings: { [evil]: evil } as never },
  });

  it('opens no tag and ends none', () => {
    const expected = pageOf(historyOf(runLines(12, 4)));
    const opened = (text: string) => text.match(/<(script|img|\/script)\b/g);
    expect(opened(page)).toEqual(opened(expected));
    expect(opened(`${expected}${evil}`)).not.toEqual(opened(expected));
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)');
  });

  it('reaches the script as it is', () => {
    const json = /id="chart-data">(.*?)<\/script>/s.exec(page)?.[1] as string;
    const { charts } = JSON.parse(json) as { charts: Record<string, { lines: { name: string }[] }> };
    expect(Object.values(charts).flatMap(({ lines }) => lines.map(({ name }) => name))).toContain(evil);
  });
});

describe('the page needs nothing else', () => {
  const page = pageOf(historyOf(runLines(30, 10)), { manifest });

  it('refers to nothing outside', () => {
    const outside =
      /https?:|\b(src|href|srcset|action|data)\s*=\s*["']|url\(|@import|import\(|fetch\(|XMLHttp|WebSocket/i;
    expect(page).not.toMatch(outside);
    for (const bad of ['<img src="x">', '<a href="/">', 'background:url(x)', 'http://x', "fetch('x')"]) {
      expect(bad).toMatch(outside);
    }
  });

  it('forbids all but its own style and script, by their hashes, and has no inline handlers or styles', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    const hash = (tag: string) => {
      const content = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page)?.[1] as string;
      return createHash('sha256').update(content).digest('base64');
    };
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash('style')}'; script-src 'sha256-${hash('script')}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\sstyle=|\son[a-z]+=/);
  });

  it('gives each chart a name, a description and a table', () => {
    const charts = page.split('<figure').slice(1);
    for (const chart of charts) {
      const ids = /aria-labelledby="(\S+) (\S+)"/.exec(chart) as RegExpExecArray;
      expect(chart).toContain(`<title id="${ids[1]}">`);
      expect(chart).toMatch(new RegExp(`<desc id="${ids[2]}">[^<]*first [^<]*last `));
      expect(chart).toContain('<table class="numbers">');
    }
    const ids = [...page.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells lines apart by more than ten colours', () => {
    const classes = Array.from({ length: 30 }, (_, i) => lineClass(i));
    expect(new Set(classes).size).toBe(30);
  });
});

it('stays small and keeps every extreme, whatever the length of the run', () => {
  const names = ['V2T', 'T2T', 'V2V', 'CROSS', 'PLC', 'PML', 'PDC', 'IMCL', 'TASKS'];
  const history = emptyHistory();
  const spike = 123_457;
  for (const line of runLines(200_000, 500, names)) {
    const { type, step } = line as Line;
    addLine(history, type === 'step' && step === spike ? { ...line, loss: 77 } : line);
  }
  const page = pageOf(history, { manifest });
  expect(page.length).toBeLessThan(1.5 * 2 ** 20);
  for (const { buckets } of history.series.values()) expect(buckets.size).toBeLessThanOrEqual(1024);
  expect(figure(page, 'Loss')).toMatch(/<data value="77">77<\/data> <small>at 123,457</);
  const { charts, width } = JSON.parse(/id="chart-data">(.*?)<\/script>/s.exec(page)?.[1] as string);
  expect(width).toBe(512);
  const [loss] = charts['chart-0'].lines;
  expect(loss.high[loss.at.indexOf(Math.floor((spike - 1) / width))]).toBe(77);
  expect(loss.high.filter((value: number) => value > 20)).toEqual([77]);
  expect(page).toContain('60 of 400 validations');
}, 60_000);

describe('the script', () => {
  /** Runs it on as little of a document as it touches. */
  function started(page: string) {
    const json = /id="chart-data">(.*?)<\/script>/s.exec(page)?.[1];
    const read = { textContent: '' };
    const cursor = { at: {} as Record<string, number>, classes: new Set<string>() };
    const handlers = new Map<string, (event: object) => void>();
    const cursorElement = {
      setAttribute: (name: string, value: number) => (cursor.at[name] = value),
      classList: {
        add: (name: string) => cursor.classes.add(name),
        remove: (name: string) => cursor.classes.delete(name),
      },
    };
    const plot = {
      dataset: { chart: 'chart-0' },
      parentElement: { querySelector: (what: string) => (what === '.read' ? read : { textContent: 'Loss' }) },
      querySelector: () => cursorElement,
      addEventListener: (name: string, handler: (event: object) => void) => handlers.set(name, handler),
      setAttribute: () => {},
      getBoundingClientRect: () => ({ left: 100, width: 480 }),
    };
    const document = { getElementById: () => ({ textContent: json }), querySelectorAll: () => [plot] };
    runInNewContext(pageScript, { document });
    const key = (name: string) => handlers.get('keydown')?.({ key: name, preventDefault: () => {} });
    return { read, cursor, key, move: (clientX: number) => handlers.get('pointermove')?.({ clientX }), handlers };
  }

  const loss = (step: number) => ({ type: 'step', step, totalSteps: 5, loss: step / 8 });
  const steps = [1, 2, 3, 4, 5].map(loss);

  it('reads out the step under the pointer and moves the cursor there', () => {
    const { read, cursor, move, handlers } = started(pageOf(historyOf(steps)));
    move(100 + 58 + 0.52 * 410);
    expect(read.textContent).toBe('step 3: 0.375');
    expect(cursor.at.x1).toBeCloseTo(58 + 205);
    expect(cursor.classes.has('on')).toBe(true);
    move(0);
    expect(read.textContent).toBe('step 1: 0.125');
    handlers.get('pointerleave')?.({ pointerType: 'mouse' });
    expect([read.textContent, cursor.classes.size]).toEqual(['', 0]);
  });

  it('goes along with the arrow keys, to the ends and no further', () => {
    const { read, key } = started(pageOf(historyOf(steps)));
    const told = ['End', 'ArrowRight', 'ArrowLeft', 'Home', 'x'].map((name) => {
      key(name);
      return read.textContent;
    });
    expect(told).toEqual(['step 5: 0.625', 'step 5: 0.625', 'step 4: 0.5', 'step 1: 0.125', 'step 1: 0.125']);
  });

  it('tells the range where a point stands for several steps', () => {
    const { read, key } = started(pageOf(historyOf(Array.from({ length: 2048 }, (_, i) => loss(i + 1)))));
    key('Home');
    expect(read.textContent).toBe('steps 1 to 4: 0.3125 (0.125 to 0.5)');
  });
});
