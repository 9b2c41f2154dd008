import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../files/manifest.js';
import { metricsLog } from '../files/metrics-log.js';
import { trainSettings } from '../training/train-settings.js';
import { readHistory } from './read-history.js';
import { type RecordOptions, recordRun } from './run-record.js';
import { runLines } from './testing/run-lines.js';
import { writeReport } from './write-report.js';

let folder: string;
let picture: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-report-'));
  picture = join(folder, 'picture.png');
  await writeFile(picture, 'one');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A run folder and the options to record a run in it. */
async function prepared(name: string, more: Partial<RecordOptions> = {}) {
  const out = join(folder, name);
  await mkdir(out, { recursive: true });
  const notes: string[] = [];
  const item = { id: 'a', title: 'a title', image: picture };
  const pairs = [{ line: 1, item1: item, item2: { id: 'b', title: 'b', image: `${picture}.gone` }, tag: 1 }];
  const options: RecordOptions = {
    out,
    settings: trainSettings({ seed: 41 }),
    model: { architecture: 'uniecs' } as never,
    device: 'cpu',
    terms: ['V2T', 'PLC'],
    train: pairs,
    validation: pairs,
    metrics: metricsLog(join(out, 'metrics.jsonl')),
    note: (text) => notes.push(text),
    ...more,
  };
  return { out, notes, options };
}

const page = (out: string) => readFile(join(out, 'report.html'), 'utf8');
/** The page without what the clock says. */
const bare = async (out: string) => (await page(out)).replace(/written [\d :-]+ UTC/, '');

describe('recordRun', () => {
  it('leaves manifest and page: at the start, at a validation, at the end', async () => {
    const { out, options, notes } = await prepared('whole');
    const summary = await recordRun(options, async (metrics) => {
      expect((await readManifest(out))?.status).toBe('running');
      for (const line of runLines(8, 4)) {
        await metrics.append(line);
        if ('report' in line) {
          const { step } = line as unknown as { step: number };
          expect(await page(out)).toContain(`The last: step ${step}`.replace(/^The last: step 4$/, 'The best: step 4'));
        }
      }
      return { interrupted: false, stoppedEarly: false, steps: 8 };
    });
    expect(summary).toEqual({ interrupted: false, stoppedEarly: false, steps: 8 });
    expect(notes).toEqual([]);
    expect((await readdir(out)).sort()).toEqual(['manifest.json', 'metrics.jsonl', 'report.html']);
    const manifest = await readManifest(out);
    expect(manifest).toMatchObject({ status: 'finished', seed: 41, resumedAt: [], terms: ['V2T', 'PLC'] });
    expect(Date.parse(manifest?.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(manifest?.startedAt ?? ''));
    expect(manifest?.peakRssBytes).toBeGreaterThan(2 ** 20);
    const packages = [
      'tensor',
      'compile',
      'losses',
      'adaptive-weighting',
      'gated-fusion',
      'encoders',
      'mbeer',
      'retrieval',
    ];
    for (const name of ['node', '@tensorflow/tfjs-core', 'sharp', ...packages.map((one) => `@uniecs/${one}`)]) {
      expect(manifest?.versions[name]).toMatch(/^\d+\.\d+\.\d+/);
    }
    expect(manifest?.versions['onnxruntime-node']).toMatch(/^1\./);
    expect(manifest?.data.train).toMatchObject({ pairs: 1, images: { files: 2, bytes: 3, unreadable: 1 } });
    const before = await bare(out);
    expect(await writeReport(out)).toBe(join(out, 'report.html'));
    expect(await bare(out)).toBe(before);
  });

  it('says why a run failed, and lets the failure through', async () => {
    const { out, options } = await prepared('failed');
    const fault = {
      code: 'numeric',
      where: 'train',
      expected: 'numbers',
      got: 'NaN in PLC',
      hint: 'lower it',
    } as const;
    const error = new UniecsError(fault);
    const failing = recordRun(options, async (metrics) => {
      for (const line of runLines(2, 4)) await metrics.append(line);
      throw error;
    });
    await expect(failing).rejects.toBe(error);
    expect(await readManifest(out)).toMatchObject({
      status: 'failed',
      error: 'expected numbers, got NaN in PLC; lower it',
    });
    expect(await page(out)).toContain('The run failed: expected numbers, got NaN in PLC; lower it');
  });

  it('goes on in a resumed run: all lines on the page, the first start and every resumption in the manifest', async () => {
    const { out, options, notes } = await prepared('resumed');
    const lines = [...runLines(9, 3)] as { step: number }[];
    const part = (from: number, to: number, interrupted: boolean) => async (metrics: RecordOptions['metrics']) => {
      for (const line of lines) if (line.step > from && line.step <= to) await metrics.append(line);
      return { interrupted, stoppedEarly: false };
    };
    await recordRun(options, part(0, 4, true));
    const first = await readManifest(out);
    expect(first?.status).toBe('interrupted');
    expect(await page(out)).toContain('The run was interrupted');
    await recordRun({ ...options, resumedFrom: 4 }, part(4, 7, true));
    await recordRun({ ...options, device: 'webgpu', resumedFrom: 7 }, part(7, 9, false));
    const manifest = await readManifest(out);
    expect(manifest).toMatchObject({ status: 'finished', startedAt: first?.startedAt });
    expect(manifest?.resumedAt.map(({ step }) => step)).toEqual([4, 7]);
    expect(manifest?.starts.map(({ step, device }) => [step, device])).toEqual([
      [0, 'cpu'],
      [4, 'cpu'],
      [7, 'webgpu'],
    ]);
    expect(manifest?.starts[0]).toEqual(first?.starts[0]);
    expect(manifest?.device).toBe('webgpu');
    const text = await page(out);
    expect(text).toContain('9 of 9');
    expect(text.match(/class="mark resumed"/g)?.length).toBe(2 * (text.match(/<figure/g)?.length ?? 0));
    expect(notes).toEqual([expect.stringContaining('goes on with device "webgpu" instead of "cpu": ')]);
  });

  it('says when the pictures are others than those that the run started with', async () => {
    const { options, notes } = await prepared('pictures');
    const nothing = async () => ({ interrupted: true, stoppedEarly: false });
    await recordRun(options, nothing);
    await writeFile(picture, 'two');
    await recordRun({ ...options, resumedFrom: 0 }, nothing);
    expect(notes).toEqual([expect.stringContaining('the pictures are not those')]);
    await recordRun({ ...options, resumedFrom: 0 }, nothing);
    expect(notes).toHaveLength(1);
  });

  it('says where versions or machine are others than at the last start, and keeps those of every start', async () => {
    const { out, options, notes } = await prepared('versions');
    const nothing = async () => ({ interrupted: true, stoppedEarly: false });
    await recordRun(options, nothing);
    const path = join(out, 'manifest.json');
    const older = (await readFile(path, 'utf8'))
      .replace(/"sharp": "[^"]+"/g, '"sharp": "0.1.2"')
      .replace(/"cores": \d+/g, '"cores": 999');
    await writeFile(path, older);
    await recordRun({ ...options, resumedFrom: 0 }, nothing);
    const manifest = await readManifest(out);
    expect(notes).toEqual([
      expect.stringMatching(/versions\.sharp "[\d.]+" instead of "0\.1\.2", machine\.cores \d+ instead of 999: /),
    ]);
    expect(manifest?.starts.map(({ versions }) => versions.sharp === '0.1.2')).toEqual([true, false]);
    expect(manifest?.versions).toEqual(manifest?.starts[1]?.versions);
  });

  it('lets the run go on where the page cannot be written, and says so', async () => {
    const { out, options, notes } = await prepared('blocked');
    await mkdir(join(out, 'report.html'));
    const summary = await recordRun(options, async (metrics) => {
      for (const line of runLines(2, 1)) await metrics.append(line);
      return { interrupted: false, stoppedEarly: true };
    });
    expect(summary.stoppedEarly).toBe(true);
    expect(await readManifest(out)).toMatchObject({ status: 'finished', stoppedEarly: true });
    expect(notes).toHaveLength(3);
    expect(notes[0]).toContain('no report was written: ');
  });
});

describe('readHistory', () => {
  it('reads a file in pieces as in one, whatever the pieces cut', async () => {
    const out = join(folder, 'pieces');
    await mkdir(out);
    // More than two pieces of 1 MiB, of characters of several bytes.
    const lines = [...runLines(3000, 100, ['kürbis', '南瓜'.repeat(60)])].map((line) => JSON.stringify(line));
    lines.splice(1000, 0, '{"type":"step","step":');
    const text = `${lines.join('\n')}\n{"type":"step","step":3001,"lo`;
    expect(Buffer.byteLength(text)).toBeGreaterThan(2.5 * 2 ** 20);
    await writeFile(join(out, 'metrics.jsonl'), text);
    const history = await readHistory(join(out, 'metrics.jsonl'));
    expect(history).toMatchObject({ steps: 3000, lastStep: 3000, damaged: 2, width: 4 });
    expect(history.validations).toHaveLength(30);
    const series = [...history.series.keys()].filter((path) => path.startsWith('terms.'));
    expect(series).toEqual(['terms.kürbis', `terms.${'南瓜'.repeat(60)}`]);
  });

  it('of a run without a line is empty, of a folder is an error', async () => {
    expect((await readHistory(join(folder, 'missing', 'metrics.jsonl'))).steps).toBe(0);
    await expect(readHistory(folder)).rejects.toMatchObject({ code: 'file', where: 'readHistory' });
  });
});
