import { type EvaluationReport, imageSidedTasks, meanOf, type RecallValues } from '@uniecs/mbeer';
import { addValue, bucketOf, emptySeries, halved, type Series } from './series.js';

/** A validation as a line of `metrics.jsonl` tells it. */
export interface Validated {
  readonly step: number;
  readonly epoch: number;
  readonly report: EvaluationReport;
  readonly isBest: boolean;
  readonly seconds: number;
}

/** Something that is neither a step nor a validation: a skipped step, a failed save. */
export interface Incident {
  readonly type: string;
  readonly step: number;
  /** Its other fields, in words. */
  readonly text: string;
}

/** What the lines of a `metrics.jsonl` come to, in memory that does not grow with the run but by its validations. */
export interface RunHistory {
  /** Steps a bucket: a power of two, the same for all series. */
  width: number;
  /** By path: `loss`, `terms.PLC`, `validation.R@10`. */
  readonly series: Map<string, Series>;
  /** Lines of steps. */
  steps: number;
  /** The highest step that a line tells of. */
  lastStep: number;
  epoch: number;
  totalSteps: number;
  /** Over the steps after the first epoch: their time, in a unit of its own, and how much of it went into waiting for data. */
  readonly later: { time: number; waited: number };
  readonly validations: Validated[];
  readonly incidents: Incident[];
  /** All incidents, by type; `incidents` holds the first ones. */
  readonly incidentCounts: Map<string, number>;
  /** Lines that are no JSON, or not of a run. */
  damaged: number;
}

/** Buckets a series may have before they are merged in pairs. */
const mostBuckets = 1024;
const mostIncidents = 100;
const mostSeries = 400;
/** Fields of a line that say where it is. */
const places = new Set(['type', 'step', 'epoch', 'totalSteps', 'secondsLeft']);

/** The history of a run before its first step. */
export function emptyHistory(): RunHistory {
  return {
    width: 1,
    series: new Map(),
    steps: 0,
    lastStep: 0,
    epoch: 0,
    totalSteps: 0,
    later: { time: 0, waited: 0 },
    validations: [],
    incidents: [],
    incidentCounts: new Map(),
    damaged: 0,
  };
}

/** Takes in the text of a line; one that cannot be read is counted. */
export function addText(history: RunHistory, text: string): void {
  if (text.trim() === '') return;
  try {
    addLine(history, JSON.parse(text));
  } catch {
    history.damaged++;
  }
}

/** Takes in a line. What is neither a step, a validation nor anything else with a type and a step is counted as damaged. */
export function addLine(history: RunHistory, line: unknown): void {
  const { type, step } = isRecord(line) ? line : {};
  if (!isRecord(line) || typeof type !== 'string' || !Number.isSafeInteger(step) || (step as number) < 0) {
    history.damaged++;
  } else if (type === 'step') {
    addStep(history, line, Math.max(1, step as number));
  } else if (type === 'validation') {
    if (isValidation(line)) addValidation(history, line);
    else history.damaged++;
  } else {
    addIncident(history, type, step as number, line);
  }
}

function addStep(history: RunHistory, line: Record<string, unknown>, step: number): void {
  widen(history, step);
  history.steps++;
  history.lastStep = Math.max(history.lastStep, step);
  history.epoch = Number(line.epoch) || history.epoch;
  history.totalSteps = Number(line.totalSteps) || history.totalSteps;
  for (const [name, value] of Object.entries(line)) {
    if (places.has(name) || name === 'maskedNegatives') continue;
    if (isRecord(value)) for (const [key, inner] of Object.entries(value)) add(history, `${name}.${key}`, step, inner);
    else add(history, name, step, value);
  }
  addLater(history.later, line);
  add(history, 'skipped', step, 0);
  // A term without masked negatives is left out of the line.
  const masked = isRecord(line.maskedNegatives) ? line.maskedNegatives : {};
  const terms = isRecord(line.terms) ? line.terms : masked;
  for (const term of Object.keys(terms)) add(history, `maskedNegatives.${term}`, step, masked[term] ?? 0);
}

/** Pairs a second say how long a step took, but for its pairs, which are as many in every step but an epoch's last. */
function addLater(later: RunHistory['later'], { epoch, dataWait, pairsPerSecond }: Record<string, unknown>): void {
  if (!(Number(epoch) > 1) || typeof dataWait !== 'number' || !(Number(pairsPerSecond) > 0)) return;
  later.time += 1 / Number(pairsPerSecond);
  later.waited += dataWait / Number(pairsPerSecond);
}

/** Makes room for a step. */
function widen(history: RunHistory, step: number): void {
  while (bucketOf(step, history.width) >= mostBuckets) {
    history.width *= 2;
    for (const series of history.series.values()) series.buckets = halved(series.buckets);
  }
}

function add(history: RunHistory, path: string, step: number, value: unknown): void {
  // A number that is NaN or infinite stands as null in JSON.
  if (value !== null && typeof value !== 'number') return;
  let series = history.series.get(path);
  if (series === undefined) {
    if (history.series.size >= mostSeries) return;
    series = emptySeries();
    history.series.set(path, series);
  }
  addValue(series, step, history.width, value);
}

function addValidation(history: RunHistory, line: Validated): void {
  history.validations.push(line);
  const step = Math.max(1, line.step);
  widen(history, step);
  history.lastStep = Math.max(history.lastStep, step);
  for (const [name, value] of Object.entries(line.report.mean)) add(history, `validation.${name}`, step, value);
  const sided = imageSidedMean(line.report)['R@10'];
  if (sided !== undefined) add(history, 'validation.image-sided R@10', step, sided);
}

/** The mean over the tasks with an image-only side; nothing where the report lacks one of them. */
export function imageSidedMean(report: EvaluationReport): RecallValues {
  const names = imageSidedTasks.map(({ name }) => name);
  return names.every((name) => Object.hasOwn(report.tasks, name)) ? meanOf(report, names) : {};
}

function addIncident(history: RunHistory, type: string, step: number, line: Record<string, unknown>): void {
  if (type === 'skipped') {
    widen(history, Math.max(1, step));
    history.lastStep = Math.max(history.lastStep, step);
    add(history, 'skipped', Math.max(1, step), 1);
  }
  history.incidentCounts.set(type, (history.incidentCounts.get(type) ?? 0) + 1);
  if (history.incidents.length >= mostIncidents) return;
  const told = Object.entries(line).filter(([name]) => !places.has(name));
  const text = told.map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  history.incidents.push({ type, step, text: text.join('; ').slice(0, 500) });
}

function isValidation(line: object): line is Validated {
  const { report } = line as Partial<Validated>;
  return isRecord(report) && isRecord(report.mean) && isRecord(report.tasks);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
