import type { WeightType } from '@uniecs/compile';
import { type ExportRole, exportModel, loadModelFolder } from '@uniecs/retrieval';
import { disposeModule } from '@uniecs/tensor';
import { startEngine } from '../engine.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print, say } from '../terminal/io.js';

/** The flags of `uniecs export`. */
export interface ExportFlags {
  readonly model: string;
  readonly out: string;
  readonly dtype?: WeightType;
  readonly roles?: readonly string[];
}

/** Writes a model as ONNX files. */
export async function runExport({ model, out, dtype, roles }: ExportFlags, io: Io): Promise<number> {
  await startEngine();
  const loaded = await loadModelFolder(model);
  try {
    const manifest = await exportModel(loaded, {
      folder: model,
      out,
      signal: io.signal,
      ...(dtype === undefined ? {} : { weights: dtype }),
      ...(roles === undefined ? {} : { roles: roles as readonly ExportRole[] }),
      onFile: ({ file, bytes, inputs, outputs }) => {
        const edges = (list: typeof inputs) =>
          list.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
        say(io, `${file}: ${(bytes / 1e6).toFixed(1)} MB, ${edges(inputs)} -> ${edges(outputs)}`);
      },
    });
    print(io, `${Object.keys(manifest.roles).length} files with weights in ${manifest.weights}: ${out}`);
    return exitCodes.done;
  } finally {
    disposeModule(loaded.model);
  }
}
