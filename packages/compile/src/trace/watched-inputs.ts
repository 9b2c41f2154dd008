import { isContainer, pathTo } from './tensor-tree.js';

/** An input tree that notes what a function reads of it. */
export interface WatchedInputs {
  readonly tree: unknown;
  /** Whether an entry, or the tree itself, was read. */
  wasRead(path: string): boolean;
  /** Paths that were read and are not there. */
  absent(): readonly string[];
}

/** Watches a tree of plain objects and arrays. Spreading or listing an object reads all its entries. */
export function watchInputs(tree: unknown): WatchedInputs {
  const read = new Set(['']);
  const absent = new Set<string>();
  const watch = (node: unknown, path: string): unknown => {
    if (!isContainer(node)) return node;
    const children = Object.entries(node).map(([name, child]) => [name, watch(child, pathTo(path, name))] as const);
    const copy = Array.isArray(node) ? children.map(([, child]) => child) : Object.fromEntries(children);
    return new Proxy(copy as Record<string | symbol, unknown>, {
      get(target, name) {
        const value = target[name];
        if (typeof name === 'string') (value === undefined ? absent : read).add(pathTo(path, name));
        return value;
      },
    });
  };
  return { tree: watch(tree, ''), wasRead: (path) => read.has(path), absent: () => [...absent] };
}
