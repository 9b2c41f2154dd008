import { basename, extname, resolve } from 'node:path';
import { itemSample, pairSample, type ShardSample, writeShards } from '@uniecs/mbeer/node';
import { readGoodItems, readGoodPairs } from '../data/read-good.js';
import { wholeFolder } from '../data/whole-folder.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** The flags of `uniecs data shard`. */
export interface ShardDataFlags {
  readonly pairs?: string;
  readonly items?: string;
  readonly images?: string;
  readonly out: string;
  readonly perShard: number;
  readonly skipBad?: boolean;
}

/** Writes a pair or item file with its pictures as WebDataset shards; the folder appears whole or not at all. */
export async function runShardData(flags: ShardDataFlags, io: Io): Promise<number> {
  const { pairs, items, perShard } = flags;
  const out = resolve(flags.out);
  const file = (pairs ?? items) as string;
  const name = basename(file, extname(file));
  let [samples, shards] = [0, 0];
  await wholeFolder(out, 'data shard', async (folder) => {
    const all = await samplesOf(flags, io);
    const shown = progress(io, 'writing', 'samples');
    const options = { folder, name, perShard, signal: io.signal };
    const onProgress = (done: number) => shown.update(done, all.length);
    const written = await writeShards(all, { ...options, onProgress }).finally(shown.end);
    [samples, shards] = [all.length, written.length];
  });
  print(io, `${out}: ${samples} samples in ${shards} ${shards === 1 ? 'shard' : 'shards'}`);
  return exitCodes.done;
}

async function samplesOf({ pairs, items, images, skipBad }: ShardDataFlags, io: Io): Promise<ShardSample[]> {
  if (pairs === undefined) return (await readGoodItems(items as string, io, { images, skipBad })).map(itemSample);
  const [read = []] = await readGoodPairs([pairs], io, { images, skipBad });
  return read.map(pairSample);
}
