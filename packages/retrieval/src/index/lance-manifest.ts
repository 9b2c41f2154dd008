import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { indexFormat, indexFormatVersion, requireFormat } from './index-format.js';

/** What the folder of a LanceDB index says about itself. */
export interface LanceManifest {
  readonly dimension: number;
  readonly model: string;
  /** The table that holds the records: `items_1`, `items_2` after the index was overwritten once, and so on. */
  readonly table: string;
}

const fileName = 'uniecs-index.json';

/** Whether a table of an index's folder is one of ours. */
export function isItemsTable(name: string): boolean {
  return /^items_\d+$/.test(name);
}

/** The table after `table` in the row; the first without one. */
export function nextTable(table?: string): string {
  return `items_${table === undefined ? 1 : Number(table.slice('items_'.length)) + 1}`;
}

/** Writes the manifest, atomically: from then on `table` is the index. */
export async function writeLanceManifest(folder: string, manifest: LanceManifest): Promise<void> {
  const content = { format: indexFormat, version: indexFormatVersion, store: 'lancedb', ...manifest };
  await writeFileAtomic(join(folder, fileName), `${JSON.stringify(content, null, 2)}\n`);
}

/**
 * Reads the manifest of a folder.
 *
 * @throws UniecsError `file` where there is none or it is damaged, `unsupported` for a later version's
 */
export async function readLanceManifest(folder: string): Promise<LanceManifest> {
  let content: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(await readFile(join(folder, fileName), 'utf8'));
    if (typeof parsed === 'object' && parsed !== null) content = { ...parsed };
  } catch (cause) {
    throw unreadable(folder, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const { format, version, dimension, model, table } = content;
  requireFormat(folder, format, version);
  if (
    !Number.isSafeInteger(dimension) ||
    typeof model !== 'string' ||
    typeof table !== 'string' ||
    !isItemsTable(table)
  ) {
    throw unreadable(folder, 'a manifest without dimension, model or table');
  }
  return { dimension: dimension as number, model, table };
}

function unreadable(folder: string, got: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'openIndex',
    expected: `an index in the folder ${folder} (its ${fileName})`,
    got,
    hint: 'build one with uniecs index (createIndex)',
    details: { path: folder },
    ...(cause === undefined ? {} : { cause }),
  });
}
