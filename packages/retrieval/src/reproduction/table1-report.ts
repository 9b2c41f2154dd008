import { type PublishedRecall, publishedTables } from '@uniecs/mbeer';
import type { AblationReport } from '../ablation/ablation-report.js';
import { type ByRow, deviationOf, meanOfNumbers, overSeeds } from '../ablation/recall-rows.js';
import type { ReproductionManifest } from './reproduction-manifest.js';

/** What a row of Table 1 was measured with. */
export interface MeasuredMethod {
  readonly name: string;
  /** `trained` here, a model folder that was `given`, or embeddings that were `imported`. */
  readonly kind: 'trained' | 'given' | 'imported';
  /** The arm that stands in the row, of a method that is trained here. */
  readonly arm?: string | undefined;
  /** D. */
  readonly dimension: number;
  /** Of the model; `null` where nobody says. */
  readonly parameters: number | null;
  /** An entry a seed, or one for what has none. */
  readonly runs: readonly Table1Run[];
  /** Tasks that its embeddings have no view for. */
  readonly notCounted?: readonly string[];
}

/** One measurement. */
export interface Table1Run {
  readonly seed?: number | undefined;
  /** The model's folder or the embeddings' file. */
  readonly from: string;
  readonly recall: ByRow<number | null>;
}

/** A way in which a method was trained. */
export interface Table1Training {
  readonly method: string;
  readonly arm: string;
  /** The mean over seeds of the best validation; `null` while there is none. */
  readonly validation: number | null;
  /** Whether it stands in the table. */
  readonly stands: boolean;
}

/** A row of Table 1. */
export interface Table1Row extends Partial<Omit<MeasuredMethod, 'kind' | 'name'>> {
  readonly name: string;
  readonly kind: MeasuredMethod['kind'] | 'empty';
  /** What is to be done about an empty row. */
  readonly note?: string;
  readonly mean: ByRow<number | null> | null;
  /** Over seeds (n - 1); `null` for one. */
  readonly deviation: ByRow<number | null> | null;
  /** What the paper prints of it, measured by its authors on M-BEER; `null` for a method that it does not have. */
  readonly published: PublishedMethod | null;
}

/** What the paper prints of a method. */
export interface PublishedMethod {
  readonly method: string;
  readonly venue: string | null;
  readonly dimension: number;
  readonly size: string;
  /** Recall at 1, 5 and 10 by task. */
  readonly recall: Readonly<Record<string, PublishedRecall>>;
}

/** The content of `table1.json`. */
export interface Table1Report {
  readonly version: 1;
  readonly what: 'table1';
  readonly rows: readonly Table1Row[];
  readonly trainings: readonly Table1Training[];
  /** The arms that were trained, held against UniECS. */
  readonly comparison: AblationReport | null;
  /** The paper, and what is to be known of some of its cells. */
  readonly published: { readonly paper: string; readonly notes: readonly string[] };
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** Methods of the paper that nobody trains here: their embeddings are to be imported. */
export const importedMethods: readonly string[] = ['BLIP_SF', 'BLIP_FF', 'BGE-VL-large', 'GME-Qwen2VL', 'MM-Embed'];

/** Methods that stand for the paper's UniECS: both presets. */
const ofUniecs: readonly string[] = ['UniECS', 'UniECS paper'];

/** What a report of Table 1 is made of. */
export interface Table1Content {
  /** Names of the methods that are trained or given, without results as well. */
  readonly methods: readonly string[];
  readonly measured: readonly MeasuredMethod[];
  readonly trainings: readonly Table1Training[];
  readonly comparison: AblationReport | null;
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/**
 * Table 1: the paper's methods in its order, each with a row whether it was measured or not, then others; beside what was measured here,
 * on the given pairs, what the paper prints.
 */
export function table1Report(content: Table1Content): Table1Report {
  const { methods, measured, trainings, comparison, warnings, manifest } = content;
  const paper = Object.keys(publishedTables.methods).flatMap((name) => (name === 'UniECS' ? ofUniecs : [name]));
  const wanted = paper.filter((name) => methods.includes(name) || importedMethods.includes(name));
  const names = [...new Set([...wanted, ...methods, ...measured.map(({ name }) => name)])];
  const notes = publishedTables.notes.filter(({ table }) => table === 'table1.mbeer');
  return {
    version: 1,
    what: 'table1',
    rows: names.map((name) =>
      rowOf(
        name,
        measured.find((one) => one.name === name),
      ),
    ),
    trainings,
    comparison,
    published: { paper: publishedTables.paper, notes: notes.map(noteText) },
    warnings,
    manifest,
  };
}

function rowOf(name: string, found: MeasuredMethod | undefined): Table1Row {
  const published = publishedMethod(ofUniecs.includes(name) ? 'UniECS' : name);
  if (!found) {
    const note = importedMethods.includes(name) ? `import embeddings: --embeddings ${name}=FILE` : 'no result yet';
    return { name, kind: 'empty', note, mean: null, deviation: null, published };
  }
  const recalls = found.runs.map(({ recall }) => recall);
  return {
    ...found,
    mean: recalls.length === 0 ? null : overSeeds(recalls, meanOfNumbers),
    deviation: recalls.length === 0 ? null : overSeeds(recalls, deviationOf),
    published,
  };
}

function publishedMethod(method: string): PublishedMethod | null {
  const known = publishedTables.methods[method];
  if (!known) return null;
  const tasks = Object.entries(publishedTables.table1.mbeer);
  const recall = Object.fromEntries(tasks.map(([task, rows]) => [task, rows[method] as PublishedRecall]));
  return { method, ...known, recall };
}

function noteText({ task, method, note }: (typeof publishedTables.notes)[number]): string {
  const about = [task, method].filter((part) => part !== null).join(', ');
  return about === '' ? note : `${about}: ${note}`;
}
