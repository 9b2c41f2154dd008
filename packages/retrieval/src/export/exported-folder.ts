import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { OnnxEdge, WeightType } from '@uniecs/compile';
import { weightTypes } from '@uniecs/compile';
import type { PerChannel, PixelPreparation } from '@uniecs/encoders/node';
import { UniecsError } from '@uniecs/tensor';
import { readJson } from '../files/model-folder.js';
import { type ExportRole, exportRoles } from './export-roles.js';

/** The files of an exported folder beside those of the roles. */
export const exportedFiles = { manifest: 'export.json', tokenizer: 'tokenizer.json' } as const;

/** A file of an exported folder. */
export interface ExportedFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly inputs: readonly OnnxEdge[];
  readonly outputs: readonly OnnxEdge[];
}

/** The content of `export.json`: what a program needs to run the files. */
export interface ExportManifest {
  readonly version: 1;
  readonly model: {
    readonly architecture: string;
    readonly size: string;
    /** `modelFingerprint` of the model that was exported. */
    readonly fingerprint: string;
    /** D, width of the embeddings. */
    readonly dimension: number;
  };
  readonly weights: WeightType;
  /** How pixels are made: `(pixel / 255 - mean) / std`, RGB, [B, S, S, 3]. */
  readonly image: {
    readonly size: number;
    readonly layout: 'NHWC';
    readonly channels: 'RGB';
    readonly mean: PerChannel;
    readonly std: PerChannel;
    /** `fill` stretches to a square, `cover` cuts the middle out. */
    readonly fit: PixelPreparation['fit'];
    readonly filter: NonNullable<PixelPreparation['filter']> | 'lanczos3';
  };
  readonly text: { readonly maxLength: number; readonly tokenizer: string };
  readonly roles: Readonly<Partial<Record<ExportRole, ExportedFile>>>;
}

/**
 * The manifest of an exported folder.
 *
 * @throws UniecsError `file` where there is none, `data` for one that is not as `exportModel` writes it
 */
export async function readExportManifest(folder: string): Promise<ExportManifest> {
  const path = join(folder, exportedFiles.manifest);
  const given = (await readJson(path, 'readExportManifest')) as Partial<ExportManifest> | null;
  const fault = (got: string) => unfitExport(`a folder of uniecs export in ${folder}`, got, 'export the model again');
  if (given?.version !== 1) throw fault(`an export.json of version ${given?.version}`);
  const { model, image, text, roles, weights } = given;
  const whole =
    isPositive(model?.dimension) &&
    typeof model?.fingerprint === 'string' &&
    isPositive(image?.size) &&
    isPositive(text?.maxLength) &&
    weightTypes.includes(weights as WeightType) &&
    typeof roles === 'object' &&
    roles !== null;
  if (!whole) throw fault('an export.json in which something is missing');
  for (const [role, entry] of Object.entries(roles)) {
    // A name of its own and no path: nothing outside of the folder is read.
    const isPlain =
      /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(entry?.file ?? '') && /^[0-9a-f]{64}$/.test(entry?.sha256 ?? '');
    if (!exportRoles.includes(role as ExportRole) || !isPlain)
      throw fault(`an export.json with a role '${role}' that it cannot have`);
  }
  return given as ExportManifest;
}

/**
 * A short name of what the embeddings are made with, which an index remembers: with float32 weights the model's own, since the embeddings
 * are the same up to rounding; else that of the files.
 */
export function exportFingerprint({ roles, weights, model }: ExportManifest): string {
  if (weights === 'float32') return model.fingerprint;
  const hash = createHash('sha256');
  for (const role of exportRoles) hash.update(`${role} ${roles[role]?.sha256 ?? ''}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** The error for an exported folder that is not as it should be. */
export function unfitExport(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'data', where: 'openExported', expected, got, hint });
}

const isPositive = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
