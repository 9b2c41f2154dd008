import { type EvaluationReport, formatTaskTable } from '@uniecs/mbeer';
import { evaluatePairs } from '@uniecs/retrieval';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import { evaluateEmbeddings } from './evaluate-embeddings.js';

/** The flags of `uniecs eval`: either a model or embeddings. */
export type EvaluateFlags = EvaluateSource & {
  readonly pairs: string;
  readonly images?: string;
  readonly device?: DeviceName;
  /** How fused embeddings are made of those of image and text. */
  readonly fuse?: 'sum';
  /** Brings embeddings to norm 1. */
  readonly normalize?: boolean;
  readonly json?: string;
};

type EvaluateSource =
  | { readonly model: string; readonly embeddings?: undefined }
  | { readonly model?: undefined; readonly embeddings: string };

/** Judges a model, or embeddings, on the nine tasks over a pair file. */
export async function runEvaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  const report =
    flags.model === undefined
      ? await evaluateEmbeddings(flags, flags.embeddings, io)
      : await evaluateModel(flags, flags.model, io);
  print(io, formatTaskTable(report));
  if (flags.json !== undefined) {
    await writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    say(io, `report: ${flags.json}`);
  }
  return exitCodes.done;
}

function evaluateModel(flags: EvaluateFlags, model: string, io: Io): Promise<EvaluationReport> {
  return withModel(model, flags, io, async (embedder) => {
    const [pairs = []] = await readGoodPairs([flags.pairs], io, { images: flags.images });
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    return evaluatePairs(embedder, pairs, options).finally(shown.end);
  });
}
