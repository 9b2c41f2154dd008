import type { Connection, Table } from '@lancedb/lancedb';
import { addFieldType, newFieldTypes } from './field-types.js';
import type { IndexStore } from './index-store.js';
import { attempt } from './lance-attempt.js';
import { arrowTable, fieldTypesOf, metadataColumns, quotedFieldColumns } from './lance-columns.js';
import type { LanceLibrary } from './lance-library.js';
import { isItemsTable, type LanceManifest, writeLanceManifest } from './lance-manifest.js';
import { lanceSearch, recordBody } from './lance-search.js';
import type { IndexRecord } from './search-index.js';
import { textLiteral, whereSql } from './where-sql.js';

/** Fragments (files, one for each batch written) that flushing lets stand; more are compacted. */
const fragmentsKept = 16;

/** An open LanceDB index. */
export interface LanceStoreOptions {
  readonly library: LanceLibrary;
  readonly folder: string;
  readonly manifest: LanceManifest;
  readonly connection: Connection;
  readonly table: Table;
  /** Whether the folder's manifest names this table already; otherwise the first flush makes it. */
  readonly published: boolean;
  /** Whether this process made the table, so that nobody reads its older versions and they can go. */
  readonly own: boolean;
}

/** Records in a LanceDB table on disk, which every search scans: exact. A write is a version of the table, on disk at once. */
export async function lanceStore(options: LanceStoreOptions): Promise<IndexStore> {
  const { library, folder, manifest, connection, table, own } = options;
  const { dimension, model } = manifest;
  const { fields: columns } = await table.schema();
  const fields = fieldTypesOf(columns.map(({ name }) => name));
  let { published } = options;

  async function write(records: readonly IndexRecord[]): Promise<void> {
    const added = newFieldTypes(fields, records);
    await attempt('index.add', folder, async () => {
      if (added.size > 0) await table.addColumns(metadataColumns(library, added));
      for (const [field, types] of added) for (const type of types) addFieldType(fields, field, type);
      const rows = arrowTable(library, records, dimension, fields);
      await table.mergeInsert('id').whenMatchedUpdateAll().whenNotMatchedInsertAll().execute(rows);
    });
  }

  async function remove(ids: readonly string[]): Promise<number> {
    const filter = `id IN (${ids.map(textLiteral).join(', ')})`;
    return (await attempt('index.remove', folder, () => table.delete(filter))).numDeletedRows;
  }

  async function get(id: string): Promise<IndexRecord | undefined> {
    const query = table
      .query()
      .where(`id = ${textLiteral(id)}`)
      .limit(1);
    const found = await attempt('index.get', folder, () =>
      query.select(['id', 'title', 'image', 'metadata', 'vector']).toArrow(),
    );
    const row = found.get(0);
    if (row === null) return undefined;
    const body = recordBody({ id: row.id, title: row.title, image: row.image, metadata: row.metadata });
    return { ...body, vector: row.vector.toArray().slice() };
  }

  const nearest: IndexStore['nearest'] = ({ vector, k, condition }) => {
    const filter = condition && whereSql(condition, (field) => quotedFieldColumns(fields, field));
    return attempt('index.search', folder, () => lanceSearch(table, { vector, k, ...(filter && { filter }) }));
  };

  async function compact(fragments: number): Promise<void> {
    const { fragmentStats } = await table.stats();
    if (fragmentStats.numFragments <= fragments) return;
    await table.optimize(own ? { cleanupOlderThan: new Date() } : {});
  }

  async function flush(): Promise<void> {
    await attempt('index.flush', folder, async () => {
      await compact(fragmentsKept);
      if (published) return;
      await writeLanceManifest(folder, manifest);
      published = true;
      const others = (await connection.tableNames()).filter((name) => isItemsTable(name) && name !== manifest.table);
      for (const name of others) await connection.dropTable(name);
    });
  }

  async function close(): Promise<void> {
    if (own) await attempt('index.close', folder, () => compact(1));
    table.close();
    connection.close();
  }

  const count = () => attempt('index.count', folder, () => table.countRows());
  return { name: 'lancedb', dimension, model, fields, write, remove, get, nearest, count, flush, close };
}
