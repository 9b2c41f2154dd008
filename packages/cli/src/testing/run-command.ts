import { run } from '../run.js';

/** What a command did: its exit code, and what it wrote to standard output and standard error. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, without a signal to stop. */
export async function runCommand(...args: string[]): Promise<Outcome> {
  const said = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      said[name] += text;
    },
  });
  const code = await run(args, { stdout: stream('out'), stderr: stream('err'), signal: new AbortController().signal });
  return { code, ...said };
}

/** The losses of a training run with `--log-format jsonl`, step by step. */
export function lossesOf({ err }: Outcome): number[] {
  const events = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
}
