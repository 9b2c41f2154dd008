import { relative, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';

/** What `uniecs train` reads beside its settings. */
export interface RunInputs {
  readonly train: string;
  readonly val: string;
  readonly images?: string;
  readonly term?: string;
  readonly hardNegatives?: string;
  readonly skipBad?: boolean;
}

const paths = ['train', 'val', 'images', 'term', 'hardNegatives'] as const;

/** Inputs as `config.json` keeps them: paths relative to the run's folder, so that both may be moved together. */
export function inputsToStore(out: string, inputs: RunInputs): Record<string, unknown> {
  const { skipBad } = inputs;
  const kept = paths.flatMap((name) => {
    const path = inputs[name];
    return path === undefined ? [] : [[name, relative(resolve(out), resolve(path))]];
  });
  return { ...Object.fromEntries(kept), ...(skipBad ? { skipBad } : {}) };
}

/**
 * What a run reads: the flags, and where it goes on with another one, that run's inputs for what no flag says.
 *
 * @throws UniecsError `argument` where neither says which pairs
 */
export function inputsOf(
  out: string,
  flags: Partial<RunInputs>,
  stored: Readonly<Record<string, unknown>> = {},
): RunInputs {
  const known = paths.flatMap((name) => {
    const kept = stored[name];
    const path = flags[name] ?? (typeof kept === 'string' ? fromRun(out, kept) : undefined);
    return path === undefined ? [] : [[name, path]];
  });
  const { train, val, ...rest } = Object.fromEntries(known) as Partial<RunInputs>;
  const skipBad = flags.skipBad ?? stored.skipBad === true;
  if (train !== undefined && val !== undefined) return { train, val, ...rest, skipBad };
  throw new UniecsError({
    code: 'argument',
    where: 'train',
    expected: 'a pair file to train on and one to validate on',
    got: train === undefined ? 'no --train' : 'no --val',
    hint: 'give both',
  });
}

function fromRun(out: string, path: string): string {
  return relative(process.cwd(), resolve(out, path));
}
