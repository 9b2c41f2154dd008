import { join } from 'node:path';
import { type CheckpointReport, fetchCheckpoint, isHubSource } from '@uniecs/encoders/node';
import { type ImportOptions, type ImportSummary, importModel } from '@uniecs/retrieval';
import { cacheFolder } from '../data/cache-folder.js';
import { startEngine } from '../engine.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** The flags of `uniecs import`. */
export type ImportFlags = Omit<ImportOptions, 'atMost'>;

/**
 * Imports encoders into a model folder and tells what became of their weights. Sources `hf:owner/name` are fetched first, into the user's
 * cache folder; `HF_ENDPOINT` and `HF_TOKEN` hold as for Hugging Face's own tools.
 */
export async function runImport(flags: ImportFlags, io: Io): Promise<number> {
  await startEngine();
  const text = await localSource(flags.text, io);
  const vision = flags.vision === undefined ? undefined : await localSource(flags.vision, io);
  const summary = await importModel({ ...flags, text, vision });
  for (const line of summaryLines(summary)) print(io, line);
  print(io, `model: ${flags.out}`);
  return exitCodes.done;
}

/** The path of a source: itself, or where it was fetched to. */
async function localSource(source: string, io: Io): Promise<string> {
  if (!isHubSource(source)) return source;
  const shown = progress(io, `fetching ${source}`, 'MB');
  const folder = await fetchCheckpoint(source, {
    folder: join(cacheFolder(), 'checkpoints'),
    endpoint: process.env.HF_ENDPOINT || undefined,
    token: process.env.HF_TOKEN || undefined,
    signal: io.signal,
    onProgress: (done, total) => shown.update(Math.ceil(done / 1e6), Math.ceil(total / 1e6)),
  }).finally(shown.end);
  say(io, `${source}: ${folder}`);
  return folder;
}

function summaryLines({ config, parameters, vision, text }: ImportSummary): string[] {
  const { image, text: words, fusion } = config;
  const drawn = [`images: ${image.layers} layers of width ${image.width}, drawn anew`];
  return [
    ...(vision ? reportLines('images', vision, `${image.layers} layers of width ${image.width}`) : drawn),
    `  ${image.imageSize} x ${image.imageSize} in patches of ${image.patchSize}`,
    ...reportLines('titles', text, `${words.layers} layers of width ${words.width}`),
    `  up to ${words.maxLength} tokens of ${words.vocabularySize}`,
    `fusion: size ${config.size}, embeddings of ${fusion.width} numbers, drawn: to be trained`,
    `${(parameters / 1e6).toFixed(1)} M parameters in all`,
  ];
}

function reportLines(what: string, report: CheckpointReport, shape: string): string[] {
  const { path, kind, dtypes, taken, unused, notes } = report;
  const parts = Object.entries(unused).map(([part, tensors]) => `${part} (${tensors})`);
  return [
    `${what}: ${shape} from ${path}`,
    `  ${kind}, ${dtypes.join(', ')}: ${taken} tensors taken, none missing, misshapen or unexpected`,
    ...(parts.length > 0 ? [`  not of this encoder, left out: ${parts.join(', ')}`] : []),
    ...notes.map((note) => `  ${note}`),
  ];
}
