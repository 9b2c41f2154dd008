import '@uniecs/tensor/testing';
import { join } from 'node:path';
import { createIndex, openIndex } from './open-index.js';
import { conformanceOf } from './testing/conformance.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const folder = temporaryFolder();

for (const store of ['exact', 'lancedb']) {
  const at = async (name: string) => join(await folder(store), name);
  conformanceOf(store, {
    create: async (name, dimension, options) => createIndex({ store, to: await at(name), dimension, ...options }),
    open: async (name) => openIndex(await at(name)),
  });
}
