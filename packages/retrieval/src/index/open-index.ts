import type { Stats } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { exactKind } from './exact-kind.js';
import { exactStore } from './exact-store.js';
import { indexOf } from './index-of.js';
import { lanceKind } from './lance-kind.js';
import type { SearchIndex } from './search-index.js';
import type { StoreKind } from './store-kind.js';

const kinds: Readonly<Record<string, StoreKind>> = { exact: exactKind, lancedb: lanceKind };

/** The stores that indexes can be made in. */
export const indexStores: readonly string[] = Object.keys(kinds);

/** A new index. */
export interface CreateIndexOptions {
  /** `exact`: in memory, kept as one file; `lancedb`: a folder on disk, searched there. */
  readonly store: string;
  /** The path of the file or folder; missing folders above it are made. */
  readonly to: string;
  /** D, length of the vectors. */
  readonly dimension: number;
  /** A fingerprint of the model whose vectors go in, kept with the index; default ''. */
  readonly model?: string;
  /** Replaces an index of the same store that is at `to`, which stays whole until the first `flush` or `close`; default false. */
  readonly overwrite?: boolean;
}

/**
 * Makes an empty index on disk.
 *
 * @throws UniecsError `unsupported` for another store; `file` where something is at `to` already (with `overwrite`: something that is no
 *   index of this store), or it cannot be written; `unavailable` where lancedb is not installed; `argument` for the dimension
 */
export async function createIndex(options: CreateIndexOptions): Promise<SearchIndex> {
  const { store, to, dimension, model = '', overwrite = false } = options;
  const kind = Object.hasOwn(kinds, store) ? kinds[store] : undefined;
  if (kind === undefined) throw unsupportedStore('createIndex', `the store '${store}'`);
  refuseUrl('createIndex', to);
  checkDimension('createIndex', dimension);
  const path = resolve(to);
  const there = await taken(path, store);
  if (there !== undefined && !overwrite) {
    throw fileFault('createIndex', path, 'nothing there yet', there, 'choose another path, or overwrite it');
  }
  if (there !== undefined) await requireStore(path, store);
  else await makeFolder(dirname(path));
  return indexOf(await kind.create({ path, dimension, model, overwrite: there !== undefined }));
}

/**
 * Opens an index: a file is an exact index, a folder a LanceDB one.
 *
 * @throws UniecsError `file` where there is none or it is damaged, `unsupported` for a URL or a later version's index, `unavailable` where
 *   lancedb is not installed
 */
export async function openIndex(pathOrUrl: string): Promise<SearchIndex> {
  refuseUrl('openIndex', pathOrUrl);
  const path = resolve(pathOrUrl);
  const found = await status(path);
  if (found === undefined) {
    throw fileFault('openIndex', path, 'an index', 'nothing', 'build one with uniecs index (createIndex)');
  }
  return indexOf(await (found.isDirectory() ? lanceKind : exactKind).open(path));
}

/**
 * An exact index in memory alone.
 *
 * @throws UniecsError `argument` for the dimension
 */
export function exactIndex({ dimension, model = '' }: { dimension: number; model?: string }): SearchIndex {
  checkDimension('exactIndex', dimension);
  return indexOf(exactStore({ dimension, model, fields: new Map(), bodies: [], vectors: new Float32Array() }));
}

function checkDimension(where: string, dimension: number): void {
  if (Number.isSafeInteger(dimension) && dimension > 0) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: 'a whole number from 1 as the dimension',
    got: String(dimension),
    hint: "pass the length of the model's embeddings",
  });
}

function refuseUrl(where: string, target: string): void {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(target)?.[1];
  if (scheme !== undefined) throw unsupportedStore(where, `a URL of ${scheme}`);
}

function unsupportedStore(where: string, got: string): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where,
    expected: `one of the stores of this version (${indexStores.join(', ')}), on disk`,
    got,
    hint: 'use one of them',
    details: { stores: indexStores },
  });
}

/** What stands at a path, in words; undefined for nothing, or an empty folder where a folder is to come. */
async function taken(path: string, store: string): Promise<string | undefined> {
  const found = await status(path);
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return 'a file';
  return store === 'lancedb' && (await readdir(path)).length === 0 ? undefined : 'a folder';
}

async function requireStore(path: string, store: string): Promise<void> {
  const isFolder = (await status(path))?.isDirectory() ?? false;
  if (isFolder === (store === 'lancedb')) return;
  const got = isFolder ? 'a folder' : 'a file';
  throw fileFault('createIndex', path, `an index of the store ${store} to overwrite`, got, 'remove it yourself first');
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw fileFault(
      'createIndex',
      folder,
      'to make the folder',
      message(cause),
      'check the path and its permissions',
      cause,
    );
  }
}

async function status(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileFault('openIndex', path, 'to look at the path', message(cause), 'check its permissions', cause);
  }
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function fileFault(
  where: string,
  path: string,
  expected: string,
  got: string,
  hint: string,
  cause?: unknown,
): UniecsError {
  return new UniecsError({
    code: 'file',
    where,
    expected: `${expected} at ${path}`,
    got,
    hint,
    details: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
