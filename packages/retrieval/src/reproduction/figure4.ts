import { thumbnailAddress } from '@uniecs/encoders/node';
import { type Item, type NearestCandidates, nearestCandidates, type Pair, type Task, tasks } from '@uniecs/mbeer';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { embedPairs } from '../embedding/model-embedder.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { figure4Page } from './figure4-page.js';
import { keptResult } from './kept-result.js';
import { comparedMethods } from './methods.js';
import { readyModels } from './model-folders.js';
import { modelsData, modelsManifest, splitWarnings } from './models-manifest.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import type { ReproductionManifest } from './reproduction-manifest.js';

/** A product as the figure names it. */
export interface NamedItem {
  readonly id: string;
  readonly title: string | null;
}

/** What a model finds for a query. */
export interface Panel {
  readonly model: string;
  /** Of the right one, among all candidates. */
  readonly rank: number;
  readonly best: readonly (NamedItem & { readonly score: number; readonly right: boolean })[];
}

/** A query and what each model finds. */
export interface PanelRow {
  readonly task: string;
  /** Line of the pair file. */
  readonly line: number;
  readonly query: NamedItem;
  readonly partner: NamedItem;
  readonly panels: readonly Panel[];
}

/** The content of `figure4.json`. */
export interface Figure4Report {
  readonly version: 1;
  readonly what: 'figure4';
  readonly rows: readonly PanelRow[];
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What Figure 4 is made with. */
export interface Figure4Options extends ReproduceOptions {
  /** By name; default `t->v`, `v->v` and `vt->vt`. */
  readonly tasks?: readonly string[];
  /** Queries of each task; default 3. */
  readonly queries?: number;
  /** Of the choice of queries, which looks at no result. Default 7. */
  readonly drawSeed?: number;
}

/** Candidates that a panel shows. */
const shown = 5;
/** Longest side of a picture on the page, in pixels. */
const pictureSide = 96;

/**
 * Figure 4: the five best candidates of three models for the same queries, the right ones marked. The queries are drawn before anything is
 * known of what is found.
 *
 * @throws UniecsError as `readyModels`; `argument` for a task that there is not, `data` where no pair has what a task asks for or a
 *   picture cannot be read
 */
export function reproduceFigure4(options: Figure4Options): Promise<Reproduced<Figure4Report>> {
  return reproduceFigure4With(options, configOfSettings);
}

/** `reproduceFigure4` for models of any configuration. */
export async function reproduceFigure4With(
  options: Figure4Options,
  configOf: ConfigOf,
): Promise<Reproduced<Figure4Report>> {
  const { out, evaluation, queries = 3, drawSeed = 7, tasks: names = ['t->v', 'v->v', 'vt->vt'] } = options;
  await checkReproductionFolder(out);
  const chosen = names.map((name) => ({
    task: taskOf(name),
    rows: drawQueries(evaluation, taskOf(name), queries, drawSeed),
  }));
  const ready = await readyModels(options, comparedMethods, configOf, 1);
  const data = await modelsData(ready, options);
  const found = new Map<string, (readonly PanelResult[])[]>();
  for (const { name, path, weights } of ready.models) {
    const key = { weights, data: data.evaluation, chosen };
    found.set(name, await keptResult(out, `figure4 ${name}`, key, () => findBest(name, path, chosen, options)));
  }
  const rows = chosen.flatMap(({ task, rows: own }, t) =>
    own.map((row, q): PanelRow => {
      const { line, item1, item2 } = evaluation[row] as Pair;
      const panels = [...found].map(([model, results]): Panel => {
        const { rank, best } = (results[t] as readonly PanelResult[])[q] as PanelResult;
        const named = best.map((one) => ({
          ...nameOf((evaluation[one.row] as Pair).item2),
          ...{ score: one.score, right: one.row === row },
        }));
        return { model, rank, best: named };
      });
      return { task: task.name, line, query: nameOf(item1), partner: nameOf(item2), panels };
    }),
  );
  const report: Figure4Report = {
    version: 1,
    what: 'figure4',
    rows,
    warnings: splitWarnings(options),
    manifest: modelsManifest(ready, options, data, { tasks: names, queries, drawSeed }),
  };
  const page = figure4Page(report, await picturesOf(rows, evaluation));
  const files = await writeReproduction(out, 'figure4', report, page);
  return { report, files, ...(ready.trained ? { training: ready.trained.outcome } : {}) };
}

/** What a model finds for a query, by rows of the pairs. */
interface PanelResult {
  readonly rank: number;
  readonly best: readonly { readonly row: number; readonly score: number }[];
}

/** By task and query. */
function findBest(
  name: string,
  folder: string,
  chosen: readonly { readonly task: Task; readonly rows: readonly number[] }[],
  options: Figure4Options,
): Promise<(readonly PanelResult[])[]> {
  const { evaluation, signal, onMeasure } = options;
  return withModelFolder(folder, options, async (embedder) => {
    const onProgress = (done: number, total: number) => onMeasure?.({ name, what: 'items', done, total });
    const sides = await embedPairs(embedder, evaluation, { signal, onProgress });
    const found: NearestCandidates[][] = [];
    for (const { task, rows } of chosen) {
      found.push(await nearestCandidates({ ...sides, task, queryRows: rows, k: shown }));
    }
    return found;
  });
}

/** Pairs that have what a task asks for, drawn at random, in the order of the file. */
function drawQueries(pairs: readonly Pair[], task: Task, count: number, seed: number): number[] {
  const has = (item: Item, view: Task['query']) =>
    view === 'fused' || (view === 'image' ? item.image : item.title) !== undefined;
  const able = pairs.flatMap(({ item1, item2 }, row) =>
    has(item1, task.query) && has(item2, task.candidate) ? [row] : [],
  );
  if (able.length === 0) {
    throw new UniecsError({
      code: 'data',
      where: 'reproduce',
      expected: `a pair that has what ${task.name} asks for`,
      got: `none among ${pairs.length}`,
      hint: 'choose other tasks',
    });
  }
  const order = seededRandom(seed).fork(task.name).permutation(able.length);
  return [...order.slice(0, count)].map((place) => able[place] as number).sort((a, b) => a - b);
}

function taskOf(name: string): Task {
  const task = tasks.find((one) => one.name === name);
  if (task) return task;
  const expected = `tasks out of ${tasks.map((one) => one.name).join(', ')}`;
  throw new UniecsError({ code: 'argument', where: 'reproduce', expected, got: `'${name}'`, hint: 'query side first' });
}

function nameOf({ id, title }: Item): NamedItem {
  return { id, title: title ?? null };
}

/** The pictures of all products that the rows show, by product id, as addresses that hold them. */
async function picturesOf(rows: readonly PanelRow[], pairs: readonly Pair[]): Promise<Map<string, string>> {
  const ids = new Set(
    rows.flatMap(({ query, partner, panels }) => [
      ...[query.id, partner.id],
      ...panels.flatMap(({ best }) => best.map(({ id }) => id)),
    ]),
  );
  const pictures = new Map<string, string>();
  for (const { id, image } of pairs.flatMap(({ item1, item2 }) => [item1, item2])) {
    if (image === undefined || !ids.has(id) || pictures.has(id)) continue;
    pictures.set(id, await thumbnailAddress(image, pictureSide));
  }
  return pictures;
}
