import { basename, join, resolve } from 'node:path';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { type Manifest, readManifest } from '../files/manifest.js';
import { runFiles } from '../files/run-folder.js';
import { reportPage } from './page.js';
import { readHistory } from './read-history.js';
import type { RunHistory } from './run-history.js';

/**
 * Writes `report.html` of a run folder anew from its `metrics.jsonl` and `manifest.json`. `train` does so by itself; this is for a run
 * that was killed, or for a page of a newer version.
 *
 * @returns the path of the page
 * @throws UniecsError `file` when the metrics cannot be read or the page cannot be written; a page that was there stays
 */
export async function writeReport(out: string): Promise<string> {
  return writePage(out, await readHistory(join(out, runFiles.metrics)), await readManifest(out));
}

/** Writes the page of a history, atomically. */
export async function writePage(out: string, history: RunHistory, manifest: Manifest | undefined): Promise<string> {
  const path = join(out, runFiles.report);
  const name = basename(resolve(out));
  await writeFileAtomic(path, reportPage({ name, history, manifest, writtenAt: new Date() }));
  return path;
}
