/**
 * A disk in memory that can lose power. What is written, made, renamed or removed is only there for good when the file, or the
 * folder that holds the name, has been synced; after a power cut, everything else may be there or not, each piece by itself. That is
 * weaker than any file system promises: what survives here survives there.
 *
 * @typedef {import('@uniecs/tensor/node').FileSystem} FileSystem
 * @typedef {{ kind: 'file', content: Uint8Array, durable: Uint8Array }} File
 * @typedef {[name: string, node: Node | undefined][]} Change names given and taken away at once, as by a rename
 * @typedef {{ kind: 'folder', entries: Map<string, Node>, durable: Map<string, Node>, pending: Change[] }} Folder
 * @typedef {File | Folder} Node
 * @typedef {Uint8Array | { [name: string]: Image }} Image what a disk holds: a file's bytes, or a folder's content by name
 */

/** States after one power cut that are gone through; more would be a sign that little is ever synced. */
const MOST_STATES = 20_000;

/**
 * @param {Folder} root
 * @returns {FileSystem}
 */
export function fileSystemOf(root) {
  return {
    async open(path, flags) {
      const node = find(root, path);
      if (flags === 'r') return handle(node ?? fail('ENOENT', path));
      if (node) throw failure('EEXIST', path);
      /** @type {File} */
      const file = { kind: 'file', content: new Uint8Array(0), durable: new Uint8Array(0) };
      change(parent(root, path), [[basename(path), file]]);
      return handle(file);
    },
    async rename(from, to) {
      const folder = parent(root, from);
      const node = folder.entries.get(basename(from)) ?? fail('ENOENT', from);
      if (parent(root, to) !== folder) throw failure('EXDEV', to);
      const there = folder.entries.get(basename(to));
      if (there?.kind === 'folder' && there.entries.size > 0) throw failure('ENOTEMPTY', to);
      change(folder, [
        [basename(from), undefined],
        [basename(to), node],
      ]);
    },
    async mkdir(path) {
      /** @type {string | undefined} */
      let first;
      for (const at of prefixes(path)) {
        const node = find(root, at);
        if (node?.kind === 'file') throw failure('EEXIST', at);
        if (node) continue;
        first ??= at;
        change(parent(root, at), [[basename(at), folder()]]);
      }
      return first;
    },
    async rm(path) {
      const node = find(root, path);
      if (node) remove(parent(root, path), basename(path), node);
    },
    async readdir(path) {
      const node = find(root, path) ?? fail('ENOENT', path);
      if (node.kind === 'file') throw failure('ENOTDIR', path);
      return [...node.entries.keys()];
    },
  };
}

/** An empty folder, on the disk for good. @returns {Folder} */
export function folder() {
  return { kind: 'folder', entries: new Map(), durable: new Map(), pending: [] };
}

/**
 * A disk that holds an image, all of it for good.
 * @param {Image} image
 * @returns {Node}
 */
export function diskOf(image) {
  if (image instanceof Uint8Array) return { kind: 'file', content: image, durable: image };
  const entries = new Map(Object.entries(image).map(([name, child]) => [name, diskOf(child)]));
  return { kind: 'folder', entries, durable: new Map(entries), pending: [] };
}

/**
 * Every state that a power cut may leave: each change of names that is not synced made or not, each file that is not synced as it
 * was, as it is, cut off in the middle, or with zeros from there on.
 * @param {Folder} root
 * @returns {Generator<Image>}
 */
export function* crashStates(root) {
  /** @type {Set<Node>} */
  const nodes = new Set();
  collect(root, nodes);
  /** @type {{ of: unknown, choices: readonly unknown[] }[]} */
  const open = [];
  for (const node of nodes) {
    if (node.kind === 'folder') for (const change of node.pending) open.push({ of: change, choices: [false, true] });
    else if (node.content !== node.durable) open.push({ of: node, choices: contents(node) });
  }
  const count = open.reduce((product, { choices }) => product * choices.length, 1);
  if (count > MOST_STATES) throw new Error(`crashStates: expected at most ${MOST_STATES} states, got ${count}`);
  for (let i = 0; i < count; i++) {
    /** @type {Map<unknown, unknown>} */
    const chosen = new Map();
    let rest = i;
    for (const { of, choices } of open) {
      chosen.set(of, choices[rest % choices.length]);
      rest = Math.floor(rest / choices.length);
    }
    yield imageOf(root, chosen);
  }
}

/**
 * @param {Node} node
 * @param {Map<unknown, unknown>} chosen
 * @returns {Image}
 */
function imageOf(node, chosen) {
  if (node.kind === 'file') return /** @type {Uint8Array} */ (chosen.get(node) ?? node.durable);
  const entries = new Map(node.durable);
  for (const change of node.pending) if (chosen.get(change)) apply(entries, change);
  return Object.fromEntries([...entries].map(([name, child]) => [name, imageOf(child, chosen)]));
}

/** @param {File} file */
function contents({ content, durable }) {
  const half = durable.length + ((content.length - durable.length) >> 1);
  const zeros = content.slice().fill(0, half);
  return [durable, content.slice(0, half), zeros, content];
}

/**
 * @param {Node} node
 * @param {Set<Node>} into
 */
function collect(node, into) {
  if (into.has(node)) return;
  into.add(node);
  if (node.kind === 'file') return;
  for (const child of node.durable.values()) collect(child, into);
  for (const change of node.pending) for (const [, child] of change) if (child) collect(child, into);
}

/**
 * @param {Node} node
 * @returns {import('@uniecs/tensor/node').OpenFile}
 */
function handle(node) {
  const file = () => (node.kind === 'file' ? node : fail('EISDIR', 'a folder'));
  return {
    stat: async () => ({ size: file().content.length }),
    read: async (bytes, offset, length, position) => {
      const part = file().content.subarray(position, position + length);
      bytes.set(part, offset);
      return { bytesRead: part.length };
    },
    write: async (bytes, offset, length) => {
      const target = file();
      const content = new Uint8Array(target.content.length + length);
      content.set(target.content);
      content.set(bytes.subarray(offset, offset + length), target.content.length);
      target.content = content;
      return { bytesWritten: length };
    },
    sync: async () => {
      if (node.kind === 'file') node.durable = node.content;
      else for (const change of node.pending.splice(0)) apply(node.durable, change);
    },
    close: async () => {},
  };
}

/**
 * @param {Folder} folder
 * @param {Change} changed
 */
function change(folder, changed) {
  apply(folder.entries, changed);
  folder.pending.push(changed);
}

/**
 * @param {Map<string, Node>} entries
 * @param {Change} change
 */
function apply(entries, change) {
  for (const [name, node] of change) {
    if (node) entries.set(name, node);
    else entries.delete(name);
  }
}

/**
 * A name at a time, from the inside outwards.
 * @param {Folder} from
 * @param {string} name
 * @param {Node} node
 */
function remove(from, name, node) {
  if (node.kind === 'folder') for (const [child, inner] of [...node.entries]) remove(node, child, inner);
  change(from, [[name, undefined]]);
}

/**
 * @param {Folder} root
 * @param {string} path
 * @returns {Node | undefined}
 */
function find(root, path) {
  /** @type {Node | undefined} */
  let node = root;
  for (const name of names(path)) {
    if (node?.kind === 'file') throw failure('ENOTDIR', path);
    node = node?.entries.get(name);
  }
  return node;
}

/**
 * @param {Folder} root
 * @param {string} path
 */
function parent(root, path) {
  const node = find(root, names(path).slice(0, -1).join('/')) ?? fail('ENOENT', path);
  return node.kind === 'folder' ? node : fail('ENOTDIR', path);
}

/** @param {string} path */
const names = (path) => path.split('/').filter((name) => name !== '');

/** @param {string} path */
const basename = (path) => names(path).at(-1) ?? '';

/** @param {string} path */
const prefixes = (path) =>
  names(path).map(
    (_, i) =>
      `/${names(path)
        .slice(0, i + 1)
        .join('/')}`,
  );

/**
 * @param {string} code
 * @param {string} path
 */
const failure = (code, path) => Object.assign(new Error(`${code}: ${path}`), { code });

/**
 * @param {string} code
 * @param {string} path
 * @returns {never}
 */
function fail(code, path) {
  throw failure(code, path);
}
