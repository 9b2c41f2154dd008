// File systems around another one: what a fault, or a fault in the way of saving, looks like from there.
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

/**
 * @typedef {import('@uniecs/tensor/node').FileSystem} FileSystem
 * @typedef {import('@uniecs/tensor/node').OpenFile} OpenFile
 * @typedef {{ name: string, path: string }} Call
 */

/**
 * Tells of every call before it is made; throwing hinders it.
 * @param {FileSystem} inner
 * @param {(call: Call) => void} before
 * @returns {FileSystem}
 */
export function watched(inner, before) {
  /**
   * @template T
   * @param {string} name
   * @param {string} path
   * @param {() => Promise<T>} act
   */
  const tell = async (name, path, act) => {
    before({ name, path });
    return await act();
  };
  return {
    open: (path, flags) =>
      tell('open', path, async () => {
        const file = await inner.open(path, flags);
        return {
          stat: () => tell('stat', path, () => file.stat()),
          read: (...where) => tell('read', path, () => file.read(...where)),
          write: (...what) => tell('write', path, () => file.write(...what)),
          sync: () => tell('sync', path, () => file.sync()),
          close: () => tell('close', path, () => file.close()),
        };
      }),
    rename: (from, to) => tell('rename', from, () => inner.rename(from, to)),
    mkdir: (path, options) => tell('mkdir', path, () => inner.mkdir(path, options)),
    rm: (path, options) => tell('rm', path, () => inner.rm(path, options)),
    readdir: (path) => tell('readdir', path, () => inner.readdir(path)),
  };
}

/**
 * @param {FileSystem} inner
 * @param {(file: OpenFile, path: string) => Partial<OpenFile>} change
 * @returns {FileSystem}
 */
function withFiles(inner, change) {
  return {
    ...inner,
    open: async (path, flags) => {
      const file = await inner.open(path, flags);
      /** @type {OpenFile} */
      const plain = {
        stat: () => file.stat(),
        read: (...where) => file.read(...where),
        write: (...what) => file.write(...what),
        sync: () => file.sync(),
        close: () => file.close(),
      };
      return { ...plain, ...change(file, path) };
    },
  };
}

/**
 * Renames first what should have been synced first.
 * @param {FileSystem} inner
 * @returns {FileSystem}
 */
export function renamedBeforeSynced(inner) {
  /** @type {(() => Promise<void>)[]} */
  const put = [];
  const files = withFiles(inner, (file, path) => ({
    sync: async () => {
      if (path.endsWith('.tmp') || dirname(path).endsWith('.tmp')) put.push(() => file.sync());
      else await file.sync();
    },
    // Open until it is synced.
    close: async () => {},
  }));
  return {
    ...files,
    rename: async (from, to) => {
      await inner.rename(from, to);
      for (const sync of put.splice(0)) await sync();
    },
  };
}

/**
 * Syncs nothing.
 * @param {FileSystem} inner
 */
export const neverSynced = (inner) => withFiles(inner, () => ({ sync: async () => {} }));

/**
 * Writes one bit of a checkpoint's arrays otherwise.
 * @param {FileSystem} inner
 * @param {{ seen: boolean }} options whether it reads back before the rename what is there, or what was to be there: then a save
 *   behaves as if it did not look
 * @returns {FileSystem}
 */
export function damaging(inner, { seen }) {
  /** @type {Map<string, Uint8Array>} */
  const intended = new Map();
  return withFiles(inner, (file, path) => {
    if (!path.endsWith('.tmp/state.safetensors')) return {};
    return {
      write: (bytes, offset, length) => {
        const part = bytes.slice(offset, offset + length);
        const before = intended.get(path) ?? new Uint8Array(0);
        intended.set(path, Buffer.concat([before, part]));
        // Within the first write is the header, which would not be read at all.
        if (before.length > 0) part[length - 1] = (part[length - 1] ?? 0) ^ 4;
        return file.write(part, 0, length);
      },
      read: async (bytes, offset, length, position) => {
        if (seen) return await file.read(bytes, offset, length, position);
        const part = (intended.get(path) ?? new Uint8Array(0)).subarray(position, position + length);
        bytes.set(part, offset);
        return { bytesRead: part.length };
      },
    };
  });
}

/**
 * Reads manifests that agree with whatever files there are: loading behaves as if it did not verify.
 * @param {FileSystem} inner
 * @returns {FileSystem}
 */
export function unverified(inner) {
  return {
    ...inner,
    open: async (path, flags) => {
      const file = await inner.open(path, flags);
      if (flags !== 'r' || !path.endsWith('/manifest.json') || path.includes('.tmp/')) return file;
      const bytes = await agreeing(inner, dirname(path), await contentOf(file));
      return {
        ...file,
        close: () => file.close(),
        read: async (into, offset, length, position) => {
          const part = bytes.subarray(position, position + length);
          into.set(part, offset);
          return { bytesRead: part.length };
        },
      };
    },
  };
}

/**
 * @param {FileSystem} inner
 * @param {string} folder
 * @param {Buffer} manifest
 */
async function agreeing(inner, folder, manifest) {
  try {
    const { sha256: _, ...content } = JSON.parse(manifest.toString('utf8'));
    for (const name of Object.keys(content.files)) {
      const file = await inner.open(join(folder, name), 'r');
      const bytes = await contentOf(file);
      content.files[name] = { bytes: bytes.length, sha256: sha256(bytes) };
    }
    return Buffer.from(JSON.stringify({ ...content, sha256: sha256(JSON.stringify(content)) }));
  } catch {
    return manifest;
  }
}

/** @param {OpenFile} file */
async function contentOf(file) {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  return bytes;
}

/** @param {string | Uint8Array} content */
const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/**
 * Writes in place what should be written beside it and renamed.
 * @param {FileSystem} inner
 * @returns {FileSystem}
 */
export function withoutRename(inner) {
  /** @param {string} path */
  const final = (path) => path.replace(/\.[0-9a-f]{12}\.tmp/, '');
  return {
    ...inner,
    open: async (path, flags) => {
      // What is replaced in place must go first.
      if (flags === 'wx' && path.endsWith('.tmp')) await inner.rm(final(path), { recursive: true, force: true });
      return await inner.open(final(path), flags);
    },
    mkdir: (path, options) => inner.mkdir(final(path), options),
    rename: async (from, to) => {
      if (final(from) !== to) await inner.rename(from, to);
    },
  };
}
