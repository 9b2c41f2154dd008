import { createHash } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exportOnnx, type WeightType } from '@uniecs/compile';
import { clipMean, clipStd } from '@uniecs/encoders/node';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { modelFingerprint } from '../embedding/model-embedder.js';
import { fileError } from '../files/file-error.js';
import { type LoadedModel, readTokenizer } from '../files/model-folder.js';
import { type ExportRole, partRoles, roleFunction } from './export-roles.js';
import { type ExportedFile, type ExportManifest, exportedFiles } from './exported-folder.js';

/** What is exported, and where to. */
export interface ExportModelOptions {
  /** The model folder, whose tokenizer goes along. */
  readonly folder: string;
  /** The folder to write: new, or empty. */
  readonly out: string;
  /** How the files hold the weights; default `float32`. */
  readonly weights?: WeightType;
  /** Default the three parts: `image-tokens`, `text-tokens`, `fusion`. */
  readonly roles?: readonly ExportRole[];
  readonly signal?: AbortSignal | undefined;
  readonly onFile?: (file: ExportedFile) => void;
}

/**
 * Writes a model as ONNX files, one a role, for any size of the batch, with `tokenizer.json` and `export.json`, which says what goes in and
 * out. The manifest is written last: a folder that has one is whole.
 *
 * @throws UniecsError `file` for a folder that is not empty or cannot be written, `interrupted`; as `exportOnnx`
 */
export async function exportModel(loaded: LoadedModel, options: ExportModelOptions): Promise<ExportManifest> {
  const { folder, out, weights = 'float32', roles = partRoles, signal, onFile = () => {} } = options;
  const { model } = loaded;
  const { architecture, size, image, text, fusion, pixels } = model.config;
  const tokenizer = await readTokenizer(folder);
  await emptyFolder(out);
  const fingerprint = modelFingerprint(loaded);
  const files: Partial<Record<ExportRole, ExportedFile>> = {};
  for (const role of roles) {
    if (signal?.aborted) throw interrupted(role);
    const { compute, modules, inputs } = roleFunction(role, model);
    const { bytes, ...edges } = await exportOnnx(compute, {
      state: modules,
      inputs,
      weights,
      name: role,
      metadata: { producer: 'uniecs', role, architecture, size, weights, fingerprint },
    });
    const file = `${role}.onnx`;
    await writeFileAtomic(join(out, file), bytes);
    const written = { file, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), ...edges };
    files[role] = written;
    onFile(written);
  }
  const manifest: ExportManifest = {
    version: 1,
    model: { architecture, size, fingerprint, dimension: fusion.width },
    weights,
    image: {
      size: image.imageSize,
      layout: 'NHWC',
      channels: 'RGB',
      mean: pixels?.mean ?? clipMean,
      std: pixels?.std ?? clipStd,
      fit: pixels?.fit ?? 'fill',
      filter: pixels?.filter ?? 'lanczos3',
    },
    text: { maxLength: text.maxLength, tokenizer: exportedFiles.tokenizer },
    roles: files,
  };
  await writeFileAtomic(join(out, exportedFiles.tokenizer), `${JSON.stringify(tokenizer)}\n`);
  await writeFileAtomic(join(out, exportedFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

async function emptyFolder(path: string): Promise<void> {
  const refused = (cause: unknown) =>
    fileError({ where: 'exportModel', action: 'to write', path, hint: 'pass a folder that can be written', cause });
  const there = await mkdir(path, { recursive: true })
    .then(() => readdir(path))
    .catch((cause) => {
      throw refused(cause);
    });
  if (there.length === 0) return;
  throw new UniecsError({
    code: 'file',
    where: 'exportModel',
    expected: `a new or empty folder: ${path}`,
    got: `one with ${there.slice(0, 3).join(', ')}`,
    hint: 'pass another one, or empty it',
    details: { path },
  });
}

function interrupted(role: ExportRole): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where: 'exportModel',
    expected: 'to export every file',
    got: `the signal to stop before ${role}.onnx`,
    hint: 'empty the folder and run it again',
  });
}
