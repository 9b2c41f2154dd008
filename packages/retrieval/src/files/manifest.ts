import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Device } from '@uniecs/compile';
import type { Pair } from '@uniecs/mbeer';
import { writeFileAtomic } from '@uniecs/tensor/node';
import type { ModelConfig } from '../model/model-config.js';
import type { TrainSettings } from '../training/train-settings.js';
import { runFiles } from './run-folder.js';
import { type RunStart, runStart } from './run-start.js';

/** How far a run is. `running` is also what a run that was killed leaves. */
export type RunStatus = 'running' | 'finished' | 'interrupted' | 'failed';

/** The content of `manifest.json`: what a run was made from and how it went, so that a figure can be traced back. */
export interface Manifest {
  readonly version: 1;
  readonly status: RunStatus;
  /** Times are ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the run went on, and after which step. */
  readonly resumedAt: readonly { readonly time: string; readonly step: number }[];
  /** When the run ended, in whichever way. */
  readonly finishedAt?: string;
  /** Whether it ended before its last step for want of a better validation. */
  readonly stoppedEarly?: true;
  /** Why it failed. */
  readonly error?: string;
  readonly seed: number;
  readonly settings: TrainSettings;
  readonly model: ModelConfig;
  /** Where steps and validations run since the last start. */
  readonly device: Device;
  /** Names of the loss terms. */
  readonly terms: readonly string[];
  /** Every start, the first one first. */
  readonly starts: readonly RunStart[];
  /** Those of the last start. */
  readonly data: RunStart['data'];
  readonly versions: RunStart['versions'];
  readonly machine: RunStart['machine'];
  /** The most resident memory that a process of the run had when the manifest was written. */
  readonly peakRssBytes: number;
}

/** What a run was made from. */
export interface ManifestContent {
  readonly settings: TrainSettings;
  readonly model: ModelConfig;
  readonly device: Device;
  readonly terms: readonly string[];
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
}

/**
 * The manifest of a run that starts, or that goes on after `resumedFrom` steps: then the earlier starts stay. Reads every picture once.
 */
export async function startManifest(
  { settings, model, device, terms, train, validation }: ManifestContent,
  resumedFrom?: number,
  before?: Manifest,
): Promise<Manifest> {
  const start = await runStart({ device, train, validation }, resumedFrom ?? 0);
  const { time, data, versions, machine } = start;
  return withPeak({
    version: 1,
    status: 'running',
    startedAt: before?.startedAt ?? time,
    resumedAt: [...(before?.resumedAt ?? []), ...(resumedFrom === undefined ? [] : [{ time, step: resumedFrom }])],
    seed: settings.seed,
    settings,
    model,
    device,
    terms,
    starts: [...(before?.starts ?? []), start],
    data,
    versions,
    machine,
    peakRssBytes: before?.peakRssBytes ?? 0,
  });
}

/** How a run ended. */
export type RunOutcome = Pick<Manifest, 'status' | 'stoppedEarly' | 'error'>;

/** The manifest of a run that ended. */
export function endManifest(manifest: Manifest, outcome: RunOutcome): Manifest {
  return { ...withPeak(manifest), ...outcome, finishedAt: new Date().toISOString() };
}

/** The manifest with the peak memory until now. */
export function withPeak(manifest: Manifest): Manifest {
  const peak = process.resourceUsage().maxRSS * 1024;
  return { ...manifest, peakRssBytes: Math.max(peak, manifest.peakRssBytes) };
}

/** The manifest in a run folder; undefined where there is none that can be read. */
export async function readManifest(out: string): Promise<Manifest | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(out, runFiles.manifest), 'utf8')) as Manifest | null;
    return manifest?.version === 1 ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Writes `manifest.json`, atomically. */
export async function writeManifest(out: string, manifest: Manifest): Promise<void> {
  await writeFileAtomic(join(out, runFiles.manifest), `${JSON.stringify(manifest, null, 2)}\n`);
}
