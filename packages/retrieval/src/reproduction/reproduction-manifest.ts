import type { Pair } from '@uniecs/mbeer';
import type { Arm } from '../ablation/grid.js';
import type { GridData, Split, StoredGrid } from '../ablation/grid-folder.js';
import type { StartDigest } from '../ablation/grid-start.js';
import { imagesDigest } from '../data/images-digest.js';
import { type PairsDigest, pairsDigest } from '../data/pairs-digest.js';
import { type Machine, thisMachine } from '../files/machine.js';
import { packageVersions } from '../files/package-versions.js';
import type { GivenSettings } from '../training/train-settings.js';

/** Pairs by content; without their pictures where these were not looked at. */
export type DataDigest = PairsDigest & Partial<Pick<GridData['train'], 'images'>>;

/** A model that a reproduction shows. */
export interface UsedModel {
  readonly name: string;
  /** How it was trained here, of a method that is trained in several ways. */
  readonly arm?: string;
  readonly seed?: number;
  /** That of a model trained here is relative to the folder of the reproduction. */
  readonly folder: string;
  /** SHA-256 of its weights file. */
  readonly weights: string;
}

/** Embeddings that were computed elsewhere. */
export interface UsedEmbeddings {
  readonly name: string;
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly items: number;
  readonly dimension: number;
}

/** What a reproduction was made from, so that its figures can be traced back. */
export interface ReproductionManifest {
  readonly version: 1;
  /** ISO 8601, UTC. */
  readonly writtenAt: string;
  /** By package name; `node` is Node itself. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of this process; models may have been trained on others, see their own `manifest.json`. */
  readonly machine: Machine;
  readonly device?: string;
  /** Seeds of training. */
  readonly seeds?: readonly number[];
  /** Settings that all arms share, and what each changes. */
  readonly settings?: GivenSettings;
  readonly arms?: readonly Arm[];
  /** The model folder whose encoders all arms started from; without one they were drawn. */
  readonly init?: StartDigest;
  /** Which pairs were judged on. */
  readonly split?: Split;
  readonly data: Readonly<Record<string, DataDigest>>;
  readonly models?: readonly UsedModel[];
  readonly embeddings?: readonly UsedEmbeddings[];
  /** What else was chosen: seeds of draws, numbers of items. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The manifest of a reproduction that is written now. */
export function reproductionManifest(
  content: Omit<ReproductionManifest, 'version' | 'writtenAt' | 'versions' | 'machine'>,
): ReproductionManifest {
  const versions = { node: process.versions.node, ...packageVersions() };
  return { version: 1, writtenAt: new Date().toISOString(), versions, machine: thisMachine(), ...content };
}

/** The digest of pairs and, unless they do not matter, of their pictures, each of which is read once. */
export async function dataDigest(pairs: readonly Pair[], pictures = true): Promise<DataDigest> {
  return { ...pairsDigest(pairs), ...(pictures ? { images: await imagesDigest(pairs) } : {}) };
}

/** What a manifest says of trainings: the part of the folder's grid that was asked for. */
export function ofGrid({
  seeds,
  base: settings,
  arms,
  init,
}: StoredGrid): Pick<ReproductionManifest, 'seeds' | 'settings' | 'arms' | 'init'> {
  return { seeds, settings, arms, ...(init ? { init } : {}) };
}
