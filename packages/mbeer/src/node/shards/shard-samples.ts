import { closeSync, openSync, readSync } from 'node:fs';
import { resolve } from 'node:path';
import { partAddress } from '@uniecs/tensor/node';
import type { DataLine, ItemSide, Pictures } from '../data-lines.js';
import { longestLine } from '../read-lines.js';
import { type TarMember, tarMembers } from './tar-members.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Samples that are handed over at a time. */
const batchSamples = 256;

/** What of a member's name ends a picture. */
const pictureEnding = /^(?:(\d+)\.)?(?:jpe?g|png|webp|gif|avif|tiff?)$/i;

/**
 * The samples of shards as lines of data: the `.json` of each, whose pictures are members of the same shard. By WebDataset's rule a sample is
 * the members of one key, a path up to the first dot of its last part. Numbered over all shards; one shard's names are in memory at a time.
 *
 * @throws UniecsError as `tarMembers`
 */
export async function* shardSamples(files: readonly string[]): AsyncGenerator<DataLine[]> {
  let line = 0;
  for (const file of files) {
    const path = resolve(file);
    const samples = await samplesOf(file);
    const descriptor = openSync(file, 'r');
    try {
      let batch: DataLine[] = [];
      for (const [key, members] of samples) {
        const content = sampleContent(descriptor, key, members);
        const pictures = picturesOf(path, key, members, samples);
        batch.push({ ...content, pictures, file, line: ++line, prefix: `sample ${key}: ` });
        if (batch.length < batchSamples) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    } finally {
      closeSync(descriptor);
    }
  }
}

type Samples = ReadonlyMap<string, readonly TarMember[]>;

async function samplesOf(file: string): Promise<Samples> {
  const samples = new Map<string, TarMember[]>();
  for await (const member of tarMembers(file)) {
    const key = keyOf(member.name);
    const own = samples.get(key);
    if (own) own.push(member);
    else samples.set(key, [member]);
  }
  return samples;
}

/** A member's path up to the first dot of its last part. */
function keyOf(name: string): string {
  const start = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', start);
  return dot < 0 ? name : name.slice(0, dot);
}

/** What a sample says, or why it cannot be read. */
function sampleContent(
  descriptor: number,
  key: string,
  members: readonly TarMember[],
): { readonly text: string } | { readonly reason: string } {
  const repeated = members.find(({ name }, i) => members.findIndex((other) => other.name === name) < i);
  if (repeated) return { reason: `${repeated.name} is there twice` };
  const json = members.find(({ name }) => name === `${key}.json`);
  if (!json) return { reason: `${key}.json is missing` };
  if (json.size > longestLine) return { reason: `${json.name} is longer than ${longestLine} bytes` };
  const content = Buffer.allocUnsafe(json.size);
  const read = readSync(descriptor, content, 0, json.size, json.offset);
  if (read < json.size) return { reason: `${json.name} is cut off` };
  try {
    return { text: decoder.decode(content) };
  } catch {
    return { reason: `${json.name} is not valid UTF-8` };
  }
}

function picturesOf(file: string, key: string, members: readonly TarMember[], samples: Samples): Pictures {
  const addressOf = ({ offset, size }: TarMember) => partAddress({ file, offset, size });
  return {
    resolve: (name) => {
      const member = samples.get(keyOf(name))?.find((other) => other.name === name);
      return member && addressOf(member);
    },
    outside: 'is no member of the shard',
    beside: (side) => besidesOf(key, members, side).map(addressOf),
  };
}

/** The pictures that a sample has for a side, `KEY.1.jpg`, or several, `KEY.1.0.jpg`, `KEY.1.1.jpg`, by number. */
function besidesOf(key: string, members: readonly TarMember[], side: ItemSide): TarMember[] {
  const start = side === '' ? `${key}.` : `${key}.${side}.`;
  return members
    .flatMap((member) => {
      const match = member.name.startsWith(start) ? pictureEnding.exec(member.name.slice(start.length)) : null;
      return match ? [{ member, number: Number(match[1] ?? -1) }] : [];
    })
    .sort((a, b) => a.number - b.number)
    .map(({ member }) => member);
}
