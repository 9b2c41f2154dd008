import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FetchCheckpointOptions, fetchCheckpoint } from './fetch-checkpoint.js';

// Milliseconds alone, seconds where the first connection waits for a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const commit = '0123456789abcdef0123456789abcdef01234567';
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));

let folder: string;
let server: Server;
let endpoint: string;
let contents: Map<string, Buffer>;
let requests: { url: string; range: string | undefined; token: string | undefined }[];
/** Answers a request in another way; true where it has. */
let other: (request: IncomingMessage, response: ServerResponse) => boolean;

function listing() {
  const siblings = [...contents].map(([rfilename, content]) => {
    const blobId = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
    const sha256 = createHash('sha256').update(content).digest('hex');
    const large = rfilename.endsWith('.safetensors') ? { lfs: { sha256, size: content.length } } : {};
    return { rfilename, size: content.length, blobId, ...large };
  });
  return { sha: commit, siblings };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'encoders-hub-'));
  contents = new Map([
    ['config.json', Buffer.from('{"model_type":"bert"}')],
    ['vocab.txt', Buffer.from('[PAD]\n')],
    ['model.safetensors', weights],
    ['pytorch_model.bin', Buffer.from('a pickle')],
    ['README.md', Buffer.from('a card')],
  ]);
  requests = [];
  other = () => false;
  server = createServer((request, response) => {
    const { url = '', headers } = request;
    requests.push({ url, range: headers.range, token: headers.authorization });
    if (other(request, response)) return;
    if (url.startsWith('/api/models/some/model/revision/')) return void response.end(JSON.stringify(listing()));
    const content = contents.get(url.split('/').at(-1) ?? '');
    if (!content || !url.startsWith(`/some/model/resolve/${commit}/`)) return void response.writeHead(404).end();
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(start > 0 ? 206 : 200, start > 0 ? range : {}).end(content.subarray(start));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const fetched = (more: Partial<FetchCheckpointOptions> = {}, source = 'hf:some/model') =>
  fetchCheckpoint(source, { folder, endpoint, ...more });

async function refusal(work: Promise<unknown>): Promise<UniecsError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expect(UniecsError.isInstance(error), String(error)).toBe(true);
  return error as UniecsError;
}

const names = () => readdirSync(join(folder, 'some--model', commit)).sort();
const wanted = ['config.json', 'model.safetensors', 'vocab.txt'];
const isWeights = ({ url = '' }: IncomingMessage) => url.endsWith('model.safetensors');

/** Sends the first bytes of the weights and breaks the connection, as often as said. */
function breaking(times: number) {
  let broken = 0;
  other = (request, response) => {
    if (!isWeights(request) || broken++ >= times) return false;
    const start = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0);
    const range = { 'content-range': `bytes ${start}-${weights.length - 1}/${weights.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': weights.length - start,
      ...(start > 0 ? range : {}),
    });
    response.write(weights.subarray(start, start + 70_000), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
}

describe('fetchCheckpoint', () => {
  it('fetches what an import reads and nothing else, by commit, once', async () => {
    const seen: [number, number][] = [];
    const path = await fetched(
      { token: 'secret', onProgress: (done, total) => seen.push([done, total]) },
      'hf:some/model@v1',
    );
    expect(path).toBe(join(folder, 'some--model', commit));
    expect(names()).toEqual(wanted);
    for (const name of wanted) expect(readFileSync(join(path, name))).toEqual(contents.get(name));
    expect(requests[0]?.url).toBe('/api/models/some/model/revision/v1?blobs=true');
    expect(new Set(requests.map(({ token }) => token))).toEqual(new Set(['Bearer secret']));
    const total = wanted.reduce((sum, name) => sum + (contents.get(name) as Buffer).length, 0);
    expect(seen.at(-1)).toEqual([total, total]);
    requests = [];
    await fetched();
    expect(requests.map(({ url }) => url)).toEqual(['/api/models/some/model/revision/main?blobs=true']);
  });

  it('goes on where a connection broke, by itself and in a later call', async () => {
    breaking(2);
    const path = await fetched();
    expect(readFileSync(join(path, 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = requests.filter(({ url }) => url.endsWith('.safetensors')).map(({ range }) => range);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d+-$/);

    await rm(path, { recursive: true });
    const stop = new AbortController();
    const stopped = fetched({ signal: stop.signal, onProgress: (done) => done > 50_000 && stop.abort() });
    breaking(1);
    expect((await refusal(stopped)).code).toBe('interrupted');
    expect(names().filter((name) => name.endsWith('.part'))).toHaveLength(1);
    requests = [];
    other = () => false;
    await fetched();
    expect(names()).toEqual(wanted);
    expect(requests.find(({ url }) => url.endsWith('.safetensors'))?.range).toMatch(/^bytes=[1-9]\d+-$/);
  });

  it('gives up where nothing comes any more, and keeps what is there', async () => {
    other = (request, response) => isWeights(request) && response.destroy() !== undefined;
    const error = await refusal(fetched());
    expect(error).toMatchObject({ code: 'unavailable', hint: 'run it again: it goes on where it stopped' });
    expect(requests.filter(({ url }) => url.endsWith('.safetensors'))).toHaveLength(3);
  });

  it.each(['model.safetensors', 'config.json'])('refuses %s of another content and removes it', async (name) => {
    const announced = listing();
    const content = Buffer.from(contents.get(name) as Buffer);
    content[5] = (content[5] as number) ^ 1;
    contents.set(name, content);
    other = ({ url = '' }, response) =>
      url.startsWith('/api/') && response.end(JSON.stringify(announced)) !== undefined;
    expect(await refusal(fetched())).toMatchObject({ code: 'data', details: { file: name } });
    expect(names().some((each) => each.startsWith(name))).toBe(false);
  });

  it('a longer file than announced is not kept', async () => {
    const announced = listing();
    contents.set('model.safetensors', Buffer.concat([weights, Buffer.alloc(1000)]));
    other = ({ url = '' }, response) =>
      url.startsWith('/api/') && response.end(JSON.stringify(announced)) !== undefined;
    expect(['data', 'unavailable']).toContain((await refusal(fetched())).code);
    expect(names().some((each) => each.startsWith('model'))).toBe(false);
  });

  it('a server that sends the whole file again starts it anew', async () => {
    await fetched().catch(() => {});
    const path = join(folder, 'some--model', commit);
    const digest = createHash('sha256').update(weights).digest('hex').slice(0, 16);
    await rm(join(path, 'model.safetensors'));
    writeFileSync(join(path, `model.safetensors.${digest}.part`), 'something else');
    other = (request, response) => isWeights(request) && response.writeHead(200).end(weights) !== undefined;
    await fetched();
    expect(readFileSync(join(path, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it.each([
    [401, 'file', 'HF_TOKEN'],
    [403, 'file', 'HF_TOKEN'],
    [404, 'file', 'check the name'],
    [500, 'unavailable', 'try again'],
  ])('status %i is an error that says what to do', async (status, code, hint) => {
    other = (_, response) => response.writeHead(status).end() !== undefined;
    const error = await refusal(fetched());
    expect(error).toMatchObject({ code, details: { status } });
    expect(error.hint).toContain(hint);
  });

  it.each<[string, (names: Map<string, Buffer>) => void, string]>([
    ['pickles alone', (files) => void files.delete('model.safetensors'), 'unsupported'],
    [
      'no weights',
      (files) => void (files.delete('model.safetensors') && files.delete('pytorch_model.bin')),
      'unsupported',
    ],
  ])('a repository with %s is refused', async (_, change, code) => {
    change(contents);
    expect((await refusal(fetched())).code).toBe(code);
  });

  it.each([
    ['no JSON', 'x'],
    ['a commit that is a path', JSON.stringify({ sha: '../../x', siblings: [] })],
    ['a file without a checksum', JSON.stringify({ sha: commit, siblings: [{ rfilename: 'config.json', size: 3 }] })],
    [
      'a file of a terabyte',
      JSON.stringify({ sha: commit, siblings: [{ rfilename: 'model.safetensors', size: 1e12, blobId: commit }] }),
    ],
  ])('an answer with %s is refused', async (_, answer) => {
    other = (__, response) => response.end(answer) !== undefined;
    expect((await refusal(fetched())).code).toBe('data');
  });

  it('files of other names, paths among them, are left alone; shards are fetched with their index', async () => {
    contents = new Map([
      ['../../escape.json', Buffer.from('x')],
      ['onnx/model.safetensors', Buffer.from('x')],
      ['config.json', Buffer.from('{}')],
      ['model.safetensors.index.json', Buffer.from('{}')],
      ['model-00001-of-00002.safetensors', Buffer.from('one')],
      ['model-00002-of-00002.safetensors', Buffer.from('two')],
    ]);
    await fetched();
    expect(names()).toEqual([...contents.keys()].filter((name) => !name.includes('/')).sort());
  });

  it.each(['hf:', 'hf:a/b/c', 'hf:../x', 'hf:a/..', 'hf:a/b@', 'hf:a/b@../x', 'hf:a/b@c@d', 'a/b', 'hf:a b/c'])(
    'the source %j is refused',
    async (source) => expect((await refusal(fetched({}, source))).code).toBe('argument'),
  );

  it('refuses an endpoint that is none, and says where nobody listens', async () => {
    expect((await refusal(fetched({ endpoint: 'file:///etc' }))).code).toBe('argument');
    expect((await refusal(fetched({ endpoint: 'http://127.0.0.1:9' }))).code).toBe('unavailable');
  });
});
