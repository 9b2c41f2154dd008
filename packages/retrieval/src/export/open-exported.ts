import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type OnnxModel, openOnnx } from '@uniecs/compile';
import { loadTokenizer, type TitleTokenizer } from '@uniecs/encoders/node';
import type { UniecsError } from '@uniecs/tensor';
import { readTokenizer } from '../files/model-folder.js';
import type { ExportRole } from './export-roles.js';
import { type ExportManifest, exportedFiles, readExportManifest, unfitExport } from './exported-folder.js';

/** How an exported folder is opened. */
export interface OpenExportedOptions {
  /** The files that are opened; default all that the folder has. */
  readonly roles?: readonly ExportRole[];
  /** Whether files may keep weights in others of the folder, as no file of `exportModel` does; default false. */
  readonly externalData?: boolean;
  /** Threads of ONNX Runtime for each file; default its own choice. */
  readonly threads?: number;
}

/** An exported folder, ready to run. */
export interface ExportedModel {
  readonly manifest: ExportManifest;
  readonly tokenizer: TitleTokenizer;
  /**
   * The file of a role.
   *
   * @throws UniecsError `data` where it was not exported or not opened
   */
  model(role: ExportRole): OnnxModel;
  dispose(): Promise<void>;
}

/**
 * Opens the files of an exported folder for inference on the CPU.
 *
 * Before ONNX Runtime sees a file, its hash is compared with the manifest's, and `checkOnnx` walks it.
 *
 * @throws UniecsError `file` for what cannot be read; `data` for a damaged file, or one with weights elsewhere where `externalData` is not set
 */
export async function openExported(folder: string, options: OpenExportedOptions = {}): Promise<ExportedModel> {
  const manifest = await readExportManifest(folder);
  const { roles = Object.keys(manifest.roles) as ExportRole[], externalData = false, threads } = options;
  const tokenizer = loadTokenizer(await readTokenizer(folder));
  const models = new Map<ExportRole, OnnxModel>();
  const dispose = async () => {
    const opened = [...models.values()];
    models.clear();
    for (const model of opened) await model.release();
  };
  try {
    for (const role of roles) {
      const entry = manifest.roles[role];
      if (!entry) throw missing(folder, role);
      const path = join(folder, entry.file);
      const inspect = (bytes: Uint8Array) => {
        const found = createHash('sha256').update(bytes).digest('hex');
        if (found === entry.sha256) return;
        const expected = `the file that ${exportedFiles.manifest} names: ${path} of SHA-256 ${entry.sha256}`;
        throw unfitExport(expected, `${bytes.length} bytes of SHA-256 ${found}`, 'copy or export it again');
      };
      const opened = await openOnnx(path, { externalData, inspect, ...(threads === undefined ? {} : { threads }) });
      models.set(role, opened);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    manifest,
    tokenizer,
    model: (role) => {
      const model = models.get(role);
      if (model) return model;
      throw missing(folder, role);
    },
    dispose,
  };
}

function missing(folder: string, role: ExportRole): UniecsError {
  return unfitExport(`the role '${role}' in ${folder}`, 'none', `export it: uniecs export --roles ${role}`);
}
