import type { FileTensor, LoadReport } from '@uniecs/tensor';
import { checkpointError } from './checkpoint-error.js';
import type { ParameterShapes } from './parameter-shapes.js';
import type { WeightLayout, WeightPlace } from './weight-layout.js';

/** What became of a checkpoint's weights. The names are the checkpoint's own. */
export interface CheckpointReport extends LoadReport {
  /** The path that was given. */
  readonly path: string;
  readonly kind: WeightLayout['kind'];
  /** Dtypes of the weights that were taken. */
  readonly dtypes: readonly string[];
  /** Tensors of the checkpoint that were taken. */
  readonly taken: number;
  /** Parts of the checkpoint that are not of this encoder (the other tower, heads, projections), with the number of their tensors. */
  readonly unused: Readonly<Record<string, number>>;
  /** What was changed or assumed on the way, a sentence each. */
  readonly notes: readonly string[];
}

/** Where each parameter's values are. */
export interface MatchedWeights {
  readonly places: ReadonlyMap<string, WeightPlace>;
  readonly report: CheckpointReport;
}

/** What weights are matched with. */
export interface MatchOptions {
  readonly path: string;
  readonly layout: WeightLayout;
  readonly tensors: ReadonlyMap<string, Pick<FileTensor, 'dtype' | 'shape'>>;
  /** Shapes as the checkpoint must have them. */
  readonly shapes: ParameterShapes;
}

const floats = new Set(['F64', 'F32', 'F16', 'BF16']);

/** Matches the parameters of an encoder with the tensors of a checkpoint, by names and shapes alone. */
export function matchWeights({ path, layout, tensors, shapes }: MatchOptions): MatchedWeights {
  const places = new Map<string, WeightPlace>();
  const taken = new Set<string>();
  const missing: string[] = [];
  const misshapen: CheckpointReport['misshapen'][number][] = [];
  for (const [parameter, shape] of shapes) {
    const possible = layout.places(parameter);
    const place = possible.find(({ name }) => tensors.has(name));
    if (!place) {
      missing.push((possible[0] as WeightPlace).name);
      continue;
    }
    places.set(parameter, place);
    const already = taken.has(place.name);
    taken.add(place.name);
    const { dtype, shape: got } = tensors.get(place.name) as Pick<FileTensor, 'dtype' | 'shape'>;
    const expected = place.third === undefined ? shape : [3 * (shape[0] as number), ...shape.slice(1)];
    if (!already && (String(got) !== String(expected) || !floats.has(dtype))) {
      misshapen.push({ name: place.name, expected: [...expected], got: [...got] });
    }
  }
  const others = [...tensors.keys()].filter((name) => !taken.has(name));
  const unused: Record<string, number> = {};
  for (const name of others.filter((name) => !layout.isOfEncoder(name))) {
    const part = partOf(name, layout.prefix);
    unused[part] = (unused[part] ?? 0) + 1;
  }
  const report = {
    path,
    kind: layout.kind,
    dtypes: [...new Set([...taken].map((name) => tensors.get(name)?.dtype as string))].sort(),
    taken: taken.size,
    missing: [...new Set(missing)],
    unexpected: others.filter(layout.isOfEncoder),
    misshapen,
    unused,
    notes: [],
  };
  return { places, report };
}

/**
 * Refuses a checkpoint that does not fit: weights that are missing or of another shape, or more of the encoder than its configuration says.
 *
 * @throws UniecsError `data` with the report in `details.report` and a line a name in `details.list`
 */
export function checkMatch(report: CheckpointReport): void {
  const { path, missing, unexpected, misshapen } = report;
  if (missing.length + unexpected.length + misshapen.length === 0) return;
  const list = [
    ...missing.map((name) => `missing: ${name}`),
    ...misshapen.map(({ name, expected, got }) => `misshapen: ${name} is [${got}], expected floats of [${expected}]`),
    ...unexpected.map((name) => `unexpected: ${name}`),
  ];
  const counts = Object.entries({ missing, misshapen, unexpected }).filter(([, { length }]) => length > 0);
  throw checkpointError('data', path, {
    expected: `the weights of the encoder that the configuration in ${path} describes`,
    got: counts.map(([what, { length }]) => `${length} ${what}`).join(', '),
    hint: 'use the configuration and the weights of one model; the names stand above',
    details: { report, list: shortened(list) },
  });
}

/** At most 40 lines. */
function shortened(list: readonly string[]): string[] {
  return list.length <= 40 ? [...list] : [...list.slice(0, 39), `and ${list.length - 39} more`];
}

/** The part of a model that a tensor belongs to: the first name, below the encoder's prefix the second. */
function partOf(name: string, prefix: string): string {
  const start = prefix !== '' && name.startsWith(prefix) ? prefix : '';
  return `${start}${name.slice(start.length).split('.')[0]}`;
}
