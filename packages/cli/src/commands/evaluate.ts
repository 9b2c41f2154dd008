import { formatTaskTable } from '@uniecs/mbeer';
import { evaluatePairs } from '@uniecs/retrieval';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';

/** The flags of `uniecs eval`. */
export interface EvaluateFlags {
  readonly model: string;
  readonly pairs: string;
  readonly images?: string;
  readonly device?: DeviceName;
  readonly json?: string;
}

/** Judges a model on the nine tasks over a pair file. */
export function runEvaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  return withModel(flags.model, flags, io, async (embedder) => {
    const [pairs = []] = await readGoodPairs([flags.pairs], io, { images: flags.images });
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    const report = await evaluatePairs(embedder, pairs, options).finally(shown.end);
    print(io, formatTaskTable(report));
    if (flags.json !== undefined) {
      await writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
      say(io, `report: ${flags.json}`);
    }
    return exitCodes.done;
  });
}
