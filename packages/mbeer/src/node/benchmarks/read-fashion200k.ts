import { access } from 'node:fs/promises';
import { join, posix, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import type { Benchmark, BenchmarkItem } from '../../benchmark/benchmark.js';
import { imagePath, quote } from '../fields.js';
import type { Problem } from '../problems.js';
import { readLines } from '../read-lines.js';
import { checkOptions, type ReadOptions, requireDirectory, stopReading, withoutControls } from '../validation.js';
import { type BenchmarkFolder, benchmarkFolder } from './benchmark-file.js';

/** The categories of Fashion200K, each with a label file of its own. */
export const fashion200kCategories = ['dress', 'jacket', 'pants', 'skirt', 'top'] as const;

/** Which part of Fashion200K is read. */
export interface Fashion200kOptions extends ReadOptions {
  /** Default `test`: 29,789 images. */
  readonly split?: 'train' | 'test';
  /** Default all five. */
  readonly categories?: readonly (typeof fashion200kCategories)[number][];
}

const where = 'readFashion200k';

/**
 * Reads Fashion200K in its original layout: `labels/<category>_<split>_detect_all.txt`, a line an image, `path TAB detection score TAB
 * caption`. Paths are relative to the folder, or to `images`.
 *
 * Items are images, by their path, and captions, by `caption:` and the text, each distinct caption once. The images in one folder are of
 * one product. Task `t->v`: a caption looks for all images of the products that bear it; `v->t`: an image looks for all captions of its
 * product; both among all of the split. So a caption that two products share finds either, and no right answer counts as a wrong one.
 *
 * @throws UniecsError `file` where a label file or the images folder cannot be read, `interrupted` when the signal fires
 */
export async function readFashion200k(folder: string, options: Fashion200kOptions = {}): Promise<BenchmarkFolder> {
  checkOptions(options, where);
  const { split = 'test', categories = fashion200kCategories, signal } = options;
  const pictures = resolve(options.images ?? folder);
  const files = categories.map((category) => join(folder, 'labels', `${category}_${split}_detect_all.txt`));
  await requireFiles(files, folder);
  await requireDirectory(pictures, where);
  const problems: Problem[] = [];
  const labelled = new Map<string, Labelled>();
  const counts = { lines: 0, skipped: 0 };
  for (const file of files) {
    for await (const batch of readLines(file, where)) {
      stopReading(signal, where);
      for (const entry of batch) {
        counts.lines++;
        const parsed = 'reason' in entry ? entry.reason : parseLabel(entry.text, pictures);
        const first = typeof parsed === 'string' ? undefined : labelled.get(parsed.id);
        const reason = first ? `image repeats ${first.file}:${first.line}` : parsed;
        if (typeof reason === 'string') {
          problems.push({ file, line: entry.line, reason: withoutControls(reason) });
          counts.skipped++;
        } else {
          labelled.set(reason.id, { ...reason, file, line: entry.line });
        }
      }
    }
  }
  const benchmark = fashion200kBenchmark([...labelled.values()]);
  return benchmarkFolder(folder, { benchmark, problems, ...counts, pictures }, options, where);
}

interface Label {
  /** The path as it stands in the file. */
  readonly id: string;
  readonly image: string;
  readonly caption: string;
}

interface Labelled extends Label {
  readonly file: string;
  readonly line: number;
}

function parseLabel(text: string, pictures: string): Label | string {
  const [path = '', score = '', caption = '', ...more] = text.split('\t').map((field) => field.trim());
  if (more.length > 0 || caption === '') return 'line is not path, detection score and caption with tabs between';
  if (path === '') return 'path is blank';
  if (score === '' || !Number.isFinite(Number(score))) return `detection score is no number: ${quote(score)}`;
  const image = imagePath(path, pictures);
  return image === undefined ? `path leaves the images folder: ${quote(path)}` : { id: path, image, caption };
}

function fashion200kBenchmark(labels: readonly Label[]): Benchmark {
  const items: BenchmarkItem[] = labels.map(({ id, image }) => ({ id, image }));
  const imagesOf = new Map<string, number[]>();
  const captionsOf = new Map<string, Set<number>>();
  const productsOf = new Map<number, Set<string>>();
  const placeOf = new Map<string, number>();
  labels.forEach(({ id, caption }, place) => {
    const product = posix.dirname(id.replaceAll('\\', '/'));
    let text = placeOf.get(caption);
    if (text === undefined) {
      text = items.length;
      placeOf.set(caption, text);
      items.push({ id: `caption:${caption}`, title: caption });
    }
    into(imagesOf, product, () => []).push(place);
    into(captionsOf, product, () => new Set<number>()).add(text);
    into(productsOf, text, () => new Set<string>()).add(product);
  });
  const images = Int32Array.from(labels, (_, place) => place);
  const captions = Int32Array.from(placeOf.values());
  const imagesFor = (text: number) =>
    Int32Array.from([...(productsOf.get(text) ?? [])].flatMap((product) => imagesOf.get(product) ?? []));
  const captionsFor = ({ id }: Label) => Int32Array.from(captionsOf.get(posix.dirname(id.replaceAll('\\', '/'))) ?? []);
  return {
    name: 'fashion200k',
    items,
    tasks: [
      {
        ...{ name: 't->v', query: 'text', candidate: 'image', queries: captions, candidates: images },
        relevant: Array.from(captions, imagesFor),
      },
      {
        ...{ name: 'v->t', query: 'image', candidate: 'text', queries: images, candidates: captions },
        relevant: labels.map(captionsFor),
      },
    ],
    ks: [1, 5, 10],
  };
}

function into<K, V>(map: Map<K, V>, key: K, fresh: () => V): V {
  const value = map.get(key) ?? fresh();
  map.set(key, value);
  return value;
}

async function requireFiles(files: readonly string[], folder: string): Promise<void> {
  const missing: string[] = [];
  for (const file of files) await access(file).catch(() => missing.push(file));
  if (missing.length === 0) return;
  throw new UniecsError({
    code: 'file',
    where,
    expected: `the label files of Fashion200K in ${join(folder, 'labels')}`,
    got: `no ${missing.join(', ')}`,
    hint: 'give the folder that holds labels/',
    details: { folder, missing },
  });
}
