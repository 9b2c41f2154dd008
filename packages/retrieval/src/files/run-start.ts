import type { Device } from '@uniecs/compile';
import type { Pair } from '@uniecs/mbeer';
import { type ImagesDigest, imagesDigest } from '../data/images-digest.js';
import { type PairsDigest, pairsDigest } from '../data/pairs-digest.js';
import { differences } from './differences.js';
import { type Machine, thisMachine } from './machine.js';
import { packageVersions } from './package-versions.js';

/** What a run was started or resumed with. */
export interface RunStart {
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Steps taken before. */
  readonly step: number;
  /** Where steps and validations run. */
  readonly device: Device;
  /** By package name; `node` is Node itself. */
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: Machine;
  readonly data: {
    readonly train: PairsDigest & { readonly images: ImagesDigest };
    readonly validation: PairsDigest & { readonly images: ImagesDigest };
  };
}

/** A start of this process, now. Reads every picture once. */
export async function runStart(
  { device, train, validation }: { device: Device; train: readonly Pair[]; validation: readonly Pair[] },
  step: number,
): Promise<RunStart> {
  const time = new Date().toISOString();
  const digest = async (pairs: readonly Pair[]) => ({ ...pairsDigest(pairs), images: await imagesDigest(pairs) });
  return {
    time,
    step,
    device,
    versions: { node: process.versions.node, ...packageVersions() },
    machine: thisMachine(),
    data: { train: await digest(train), validation: await digest(validation) },
  };
}

/** Where device, versions and machine of two starts differ, as `versions.node "22.1.0" instead of "20.19.0"`; not in memory. */
export function changesBetween(before: RunStart, now: RunStart): string[] {
  const shown = ({ device, versions, machine: { memoryBytes, ...machine } }: RunStart) =>
    JSON.stringify({ device, versions, machine });
  return differences(shown(now), shown(before));
}
