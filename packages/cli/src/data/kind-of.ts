import { open } from 'node:fs/promises';

/** Enough of a file's beginning to see the first line's fields. */
const beginning = 64 * 1024;

/** What a file holds, by the first line that tells: an item has `id`, a pair `item_id_1` and so on. */
export async function kindOf(file: string): Promise<'pairs' | 'items'> {
  const handle = await open(file).catch(() => undefined);
  // Whatever keeps the file from being opened is said by the reader.
  if (!handle) return 'pairs';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(beginning), 0, beginning, 0);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    const telling = lines.find((line) => /"(id|item_(id|title|image)_[12])"\s*:/.test(line)) ?? '';
    return /"id"\s*:/.test(telling) && !/"item_(id|title|image)_[12]"\s*:/.test(telling) ? 'items' : 'pairs';
  } catch {
    return 'pairs';
  } finally {
    await handle.close();
  }
}
