import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Pair } from '@uniecs/mbeer';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { pairsDigest } from '../data/pairs-digest.js';
import type { TrainSettings } from '../training/train-settings.js';
import { runFiles } from './run-folder.js';

/** What a run was made from. */
export interface ManifestContent {
  readonly settings: TrainSettings;
  readonly terms: readonly string[];
  readonly pairs: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly startedAt: Date;
}

/** Writes `manifest.json`: settings, hashes of the pair lists, Node version and machine, so that a figure can be traced back. */
export async function writeManifest(out: string, content: ManifestContent): Promise<void> {
  const { settings, terms, pairs, validation, startedAt } = content;
  const [cpu] = cpus();
  const manifest = {
    version: 1,
    startedAt: startedAt.toISOString(),
    settings,
    terms,
    data: { train: pairsDigest(pairs), validation: pairsDigest(validation) },
    machine: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: cpu?.model,
      cores: cpus().length,
      memory: totalmem(),
    },
  };
  await writeFileAtomic(join(out, runFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}
