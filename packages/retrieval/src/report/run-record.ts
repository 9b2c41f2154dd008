import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import {
  endManifest,
  type Manifest,
  type ManifestContent,
  type RunOutcome,
  readManifest,
  startManifest,
  withPeak,
  writeManifest,
} from '../files/manifest.js';
import type { MetricsLog } from '../files/metrics-log.js';
import { runFiles } from '../files/run-folder.js';
import { changesBetween } from '../files/run-start.js';
import { readHistory } from './read-history.js';
import { addLine, emptyHistory } from './run-history.js';
import { writePage } from './write-report.js';

/** What a run is recorded with. */
export interface RecordOptions extends ManifestContent {
  readonly out: string;
  /** Steps taken before, where the run is resumed; the log holds their lines and no more. */
  readonly resumedFrom?: number | undefined;
  readonly metrics: MetricsLog;
  /** Is told what could not be written: the run goes on without. */
  readonly note: (text: string) => void;
}

/**
 * Does a run's work and leaves `manifest.json` and `report.html` for its reader: the manifest from the start, both at every validation
 * and at the end, whichever way it ends. Lines of a resumed run are read once and kept in bounded memory, so that a page takes the same
 * time whatever the length of the run.
 *
 * @param work is given the log whose lines go into the report as well
 * @throws UniecsError `file` when the manifest cannot be written, and what the work throws
 */
export async function recordRun<T extends { readonly interrupted: boolean; readonly stoppedEarly: boolean }>(
  { out, resumedFrom, metrics, note, ...content }: RecordOptions,
  work: (metrics: MetricsLog) => Promise<T>,
): Promise<T> {
  const before = resumedFrom === undefined ? undefined : await readManifest(out);
  let manifest = await startManifest(content, resumedFrom, before);
  const images = (data: Manifest['data'] | undefined) => [data?.train.images?.sha256, data?.validation.images?.sha256];
  if (before?.data?.train.images && String(images(before.data)) !== String(images(manifest.data))) {
    note('the pictures are not those that the run started with: what follows is not what it would have been');
  }
  const [last, now] = [before?.starts?.at(-1), manifest.starts.at(-1)];
  const changes = last && now ? changesBetween(last, now) : [];
  if (changes.length > 0) {
    note(`the run goes on with ${changes.join(', ')}: what follows may not be the same to the bit`);
  }
  await writeManifest(out, manifest);
  const history = resumedFrom === undefined ? emptyHistory() : await readHistory(join(out, runFiles.metrics));

  async function write(): Promise<void> {
    try {
      await writeManifest(out, manifest);
      await writePage(out, history, manifest);
    } catch (error) {
      note(`no report was written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function append(line: object): Promise<void> {
    // A line that the log cannot take yet is in the report all the same.
    addLine(history, line);
    await metrics.append(line);
    if (!('type' in line) || line.type !== 'validation') return;
    manifest = withPeak(manifest);
    await write();
  }

  async function end(outcome: RunOutcome): Promise<void> {
    manifest = endManifest(manifest, outcome);
    await write();
  }

  try {
    const done = await work({ ...metrics, append });
    const status = done.interrupted ? 'interrupted' : 'finished';
    await end({ status, ...(done.stoppedEarly ? { stoppedEarly: true } : {}) });
    return done;
  } catch (error) {
    await end({ status: 'failed', error: reasonOf(error) });
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (UniecsError.isInstance(error)) return `expected ${error.expected}, got ${error.got}; ${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
