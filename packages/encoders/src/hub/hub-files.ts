import { hubError } from './hub-error.js';
import { type HubAccess, hubRequest } from './hub-request.js';
import type { HubSource } from './hub-source.js';

/** A file of a repository, and what it is known by. */
export interface HubFile {
  readonly name: string;
  readonly size: number;
  /** SHA-256 of a large file's content; of a small one `gitBlob`, SHA-1 of `blob SIZE\0` and its content. */
  readonly digest: { readonly sha256: string } | { readonly gitBlob: string };
}

/** The files of a revision. */
export interface HubListing {
  /** The commit that the revision stands for. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

/** All that an import may read beside the weights. */
const smallFiles = [
  ...['config.json', 'open_clip_config.json', 'preprocessor_config.json', 'processor_config.json'],
  ...['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'],
];
const index = 'model.safetensors.index.json';
const singles = ['model.safetensors', 'open_clip_model.safetensors'];
const shard = /^model-\d{5}-of-\d{5}\.safetensors$/;

/** Most bytes of a file that is no weights, and of all files together: 100 MB and 50 GB. */
const mostBytes = { small: 100e6, all: 50e9 } as const;

/**
 * The files of a revision that an import reads: configuration, preprocessing, tokenizer, and the weights, in one file or in shards.
 *
 * @throws UniecsError `unsupported` where the weights are pickles alone; `data` for an answer of another form or files too large; as
 *   `hubRequest`
 */
export async function listFiles({ repository, revision }: HubSource, access: HubAccess): Promise<HubListing> {
  const path = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await hubRequest(access, path, `the files of ${repository} at ${revision}`);
  const answer: unknown = await response.json().catch(() => undefined);
  const { sha, siblings } = (answer ?? {}) as { readonly sha?: unknown; readonly siblings?: unknown };
  if (typeof sha !== 'string' || !/^[0-9a-f]{40}$/.test(sha) || !Array.isArray(siblings)) {
    throw badAnswer(access.endpoint, 'no commit and files');
  }
  const all = siblings.map((each) => fileOf(each, access.endpoint));
  const names = new Set(all.map(({ name }) => name));
  const single = singles.find((name) => names.has(name));
  const isWeights = (name: string) => (single ? name === single : name === index || shard.test(name));
  const files = all.filter(({ name }) => smallFiles.includes(name) || isWeights(name));
  if (!single && !names.has(index)) {
    throw hubError({
      code: 'unsupported',
      expected: `weights as safetensors in ${repository}`,
      got: [...names].some((name) => /\.(bin|pt|pth)$/.test(name))
        ? 'pickles, which run code when they are read'
        : 'none',
      hint: 'choose a revision with safetensors, or convert them (import a local pickle to see how)',
    });
  }
  const large = files.find(({ name, size }) => !isWeights(name) && size > mostBytes.small);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (large || total > mostBytes.all)
    throw badAnswer(access.endpoint, large ? `${large.name} of ${large.size} bytes` : `${total} bytes`);
  return { commit: sha, files: new Map(files.map((file) => [file.name, file])) };
}

function fileOf(value: unknown, endpoint: string): HubFile {
  const { rfilename: name, size, blobId, lfs } = (value ?? {}) as Record<string, unknown>;
  const sha256 = (lfs as { readonly sha256?: unknown } | null | undefined)?.sha256;
  if (typeof name !== 'string' || !Number.isSafeInteger(size) || (size as number) < 0) {
    throw badAnswer(endpoint, 'a file without name or size');
  }
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))
    return { name, size: size as number, digest: { sha256 } };
  if (typeof blobId === 'string' && /^[0-9a-f]{40}$/.test(blobId)) {
    return { name, size: size as number, digest: { gitBlob: blobId } };
  }
  throw badAnswer(endpoint, `'${name}' without a checksum`);
}

function badAnswer(endpoint: string, got: string) {
  return hubError({
    code: 'data',
    expected: `a listing of files with sizes and checksums from ${endpoint}, of at most ${mostBytes.all / 1e9} GB`,
    got,
    hint: 'check HF_ENDPOINT, or download the files by hand',
  });
}
