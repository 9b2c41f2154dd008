import { firstLines } from '@uniecs/mbeer/node';

/** What a file or shards hold, by the first line that tells: an item has `id`, a pair `item_id_1` and so on. */
export async function kindOf(file: string): Promise<'pairs' | 'items'> {
  const lines = await firstLines(file);
  const telling = lines.find((line) => /"(id|item_(id|title|image)_[12])"\s*:/.test(line)) ?? '';
  return /"id"\s*:/.test(telling) && !/"item_(id|title|image)_[12]"\s*:/.test(telling) ? 'items' : 'pairs';
}
