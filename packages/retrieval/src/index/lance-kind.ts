import { mkdir } from 'node:fs/promises';
import { attempt } from './lance-attempt.js';
import { recordColumns } from './lance-columns.js';
import { loadLanceLibrary } from './lance-library.js';
import { nextTable, readLanceManifest, writeLanceManifest } from './lance-manifest.js';
import { lanceStore } from './lance-store.js';
import type { StoreKind } from './store-kind.js';

/** LanceDB indexes: a folder each, with a manifest of ours and the table that it names. */
export const lanceKind: StoreKind = {
  async create({ path, dimension, model, overwrite }) {
    const library = await loadLanceLibrary();
    const previous = overwrite ? await readLanceManifest(path) : undefined;
    return attempt('createIndex', path, async () => {
      await mkdir(path, { recursive: true });
      const manifest = { dimension, model, table: nextTable(previous?.table) };
      const connection = await library.lancedb.connect(path);
      const schema = new library.arrow.Schema(recordColumns(library, dimension));
      // A table of this name can only be what an interrupted overwriting left.
      if ((await connection.tableNames()).includes(manifest.table)) await connection.dropTable(manifest.table);
      const table = await connection.createEmptyTable(manifest.table, schema);
      if (!previous) await writeLanceManifest(path, manifest);
      return lanceStore({ library, folder: path, manifest, connection, table, published: !previous, own: true });
    });
  },
  async open(path) {
    const manifest = await readLanceManifest(path);
    const library = await loadLanceLibrary();
    return attempt('openIndex', path, async () => {
      const connection = await library.lancedb.connect(path);
      const table = await connection.openTable(manifest.table);
      return lanceStore({ library, folder: path, manifest, connection, table, published: true, own: false });
    });
  },
};
