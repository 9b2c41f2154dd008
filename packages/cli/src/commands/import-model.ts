import type { CheckpointReport } from '@uniecs/encoders/node';
import { type ImportOptions, type ImportSummary, importModel } from '@uniecs/retrieval';
import { startEngine } from '../engine.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';

/** The flags of `uniecs import`. */
export type ImportFlags = Omit<ImportOptions, 'atMost'>;

/** Imports encoders into a model folder and tells what became of their weights. */
export async function runImport(flags: ImportFlags, io: Io): Promise<number> {
  await startEngine();
  const summary = await importModel(flags);
  for (const line of summaryLines(summary)) print(io, line);
  print(io, `model: ${flags.out}`);
  return exitCodes.done;
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
