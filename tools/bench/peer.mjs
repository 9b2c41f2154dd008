import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * A child process that answers requests, a JSON object a line on its standard input and output. It starts with a line of its own.
 * @typedef {{ ready: Record<string, unknown>, ask: (request: object) => Promise<Record<string, unknown>>, stop: () => Promise<void> }} Peer
 */

/**
 * Starts a peer and waits for its first line. What it writes to standard error is told where it ends early.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Peer>}
 */
export async function startPeer(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  // Writing to one that has ended fails; `ended` tells why it did.
  child.stdin.on('error', () => {});
  let complaints = '';
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-4000);
  });
  const ended = new Promise((_, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      reject(new Error(`peer: ${command} ${args.join(' ')} ended with ${code ?? signal}\n${complaints}`)),
    );
  });
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function answer() {
    for (;;) {
      const { value, done } = await /** @type {Promise<IteratorResult<string>>} */ (
        Promise.race([lines.next(), ended])
      );
      if (done) await ended;
      // A library may greet on standard output.
      if (value?.startsWith('{')) return JSON.parse(value);
    }
  }
  async function ask(/** @type {object} */ request) {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const got = await answer();
    if (typeof got.error === 'string') throw new Error(`peer: ${command} ${args.join(' ')}: ${got.error}`);
    return got;
  }
  async function stop() {
    child.stdin.end();
    await ended.catch(() => {});
  }
  return { ready: await answer(), ask, stop };
}

/**
 * Answers requests of `startPeer` in the child until its standard input ends.
 * @param {object} ready the first line
 * @param {Record<string, (request: Record<string, unknown>) => Promise<object> | object>} work by the request's `do`
 */
export async function serve(ready, work) {
  const say = (/** @type {object} */ answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  say(ready);
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const task = work[request.do];
    try {
      if (!task) throw new Error(`expected ${Object.keys(work).join(', ')}, got ${request.do}`);
      say(await task(request));
    } catch (error) {
      say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}

/** Milliseconds of a task. */
export async function timed(/** @type {() => unknown} */ task) {
  const start = performance.now();
  await task();
  return performance.now() - start;
}

/** The largest resident memory that this process ever had, in bytes. */
export const peakBytes = () => process.resourceUsage().maxRSS * 1024;
