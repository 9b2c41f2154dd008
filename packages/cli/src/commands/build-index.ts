import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { CatalogueItem } from '@uniecs/mbeer';
import { createIndex, type Embedder, type SearchIndex } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { readGoodItems } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';

/** The flags of `uniecs index`. */
export interface BuildIndexFlags {
  readonly model: string;
  readonly items: string;
  readonly images?: string;
  readonly store: 'exact' | 'lancedb';
  readonly to: string;
}

/** Items embedded and stored at a time, so that memory does not grow with the catalogue. */
const chunk = 1000;

/** Embeds an item file and stores the fused embeddings; the index appears whole or not at all. */
export async function runBuildIndex(flags: BuildIndexFlags, io: Io): Promise<number> {
  await requireFree(flags);
  const path = resolve(flags.to);
  const partial = join(dirname(path), `.${basename(path)}-${randomUUID()}`);
  return withModel(flags.model, {}, io, async (embedder, { fingerprint }) => {
    const items = await readGoodItems(flags.items, io, { images: flags.images });
    try {
      const { dimension } = embedder;
      const index = await createIndex({ store: flags.store, to: partial, dimension, model: fingerprint });
      await fill(index, items, embedder, io).finally(() => index.close());
      await rename(partial, path);
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
    print(io, `${items.length} items in an index of the store ${flags.store}: ${flags.to}`);
    return exitCodes.done;
  });
}

async function fill(index: SearchIndex, items: readonly CatalogueItem[], embedder: Embedder, io: Io): Promise<void> {
  const shown = progress(io, 'embedding', 'items');
  try {
    for (let start = 0; start < items.length; start += chunk) {
      const part = items.slice(start, start + chunk);
      const onProgress = (done: number) => shown.update(start + done, items.length);
      const { fused, dimension } = await embedder.embed(part, { signal: io.signal, onProgress });
      const vector = (row: number) => fused.subarray(row * dimension, (row + 1) * dimension);
      await index.add(part.map(({ line: _, ...item }, row) => ({ ...item, vector: vector(row) })));
    }
  } finally {
    shown.end();
  }
}

/** What `createIndex` would refuse if it were not to write beside the path first. */
async function requireFree({ to, store }: BuildIndexFlags): Promise<void> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(to)) {
    throw fault('unsupported', 'a path on disk as --to', to, 'this version keeps indexes on disk');
  }
  const entries = await readdir(to).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw taken(to, cause.code === 'ENOTDIR' ? 'a file' : cause.message);
  });
  if (entries === undefined || (entries.length === 0 && store === 'lancedb')) return;
  throw taken(to, entries.length === 0 ? 'a folder' : `a folder that holds ${entries.slice(0, 3).join(', ')}`);
}

function taken(to: string, got: string): UniecsError {
  return fault('file', `nothing at ${to} yet`, got, 'choose another --to, or remove what is there');
}

function fault(code: 'file' | 'unsupported', expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code, where: 'index', expected, got, hint });
}
