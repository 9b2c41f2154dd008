import { readExactFile, writeExactFile } from './exact-file.js';
import { exactStore } from './exact-store.js';
import type { StoreKind } from './store-kind.js';

/** Exact indexes: one file each. */
export const exactKind: StoreKind = {
  async create({ path, dimension, model, overwrite }) {
    const content = { dimension, model, fields: new Map(), bodies: [], vectors: new Float32Array() };
    if (overwrite) await readExactFile(path);
    else await writeExactFile(path, content);
    return exactStore(content, { path, unsaved: overwrite });
  },
  open: async (path) => exactStore(await readExactFile(path), { path }),
};
