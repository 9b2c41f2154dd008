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
