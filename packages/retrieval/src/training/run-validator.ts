import { join } from 'node:path';
import type { DeviceState } from '@uniecs/compile';
import type { EvaluationReport, Pair } from '@uniecs/mbeer';
import type { FileSystem } from '@uniecs/tensor/node';
import { embedder } from '../embedding/embedder.js';
import { evaluatePairs } from '../embedding/model-embedder.js';
import { writeModelCard } from '../files/model-card.js';
import { modelFiles, writeWeights } from '../files/model-folder.js';
import { type AssembledRun, parameterCount } from './assemble-run.js';
import type { RunProgress } from './run-progress.js';

/** A validation, and what the run compares. */
export interface ValidationResult {
  readonly report: EvaluationReport;
  /** Mean Recall@10 over the nine tasks. */
  readonly value: number;
  /** Whether it is the best so far, with its weights saved. */
  readonly isBest: boolean;
  readonly seconds: number;
}

/** What validations need. */
export interface ValidatorOptions {
  readonly run: AssembledRun;
  /** The weights to judge, where they live: the trained ones or their average. */
  readonly weights: DeviceState;
  readonly pairs: readonly Pair[];
  readonly out: string;
  readonly fileSystem: FileSystem;
  readonly signal?: AbortSignal | undefined;
  /** Saves; says whether it is saved. */
  readonly attempt: (what: 'weights' | 'card', save: () => Promise<void>) => Promise<boolean>;
}

/** Judges a run's weights on the nine tasks and keeps the best ones as the model folder's. */
export function runValidator(options: ValidatorOptions) {
  const { run, weights, pairs, out, fileSystem, signal, attempt } = options;
  const judge = embedder({ model: run.model, loader: run.loader, state: weights, load: run.features?.load });

  async function saveWeights(): Promise<void> {
    await weights.download();
    await writeWeights(join(out, modelFiles.weights), run.model, weights.read, { fileSystem });
  }

  async function saveCard(report: EvaluationReport, step: number): Promise<void> {
    const { config, settings, terms, batches } = run;
    const parameters = parameterCount(run);
    await writeModelCard(out, { config, settings, terms, parameters, report, pairs: batches.pairs, step });
  }

  return {
    /** @throws UniecsError `interrupted` */
    async validate({ best, step }: RunProgress): Promise<ValidationResult> {
      const begin = performance.now();
      const report = await evaluatePairs(judge, pairs, { signal });
      const value = report.mean['R@10'] ?? 0;
      const isBetter = best === undefined || value > best.value;
      // Weights that could not be saved are not the best that there are.
      const isBest = isBetter && (await attempt('weights', saveWeights));
      if (isBest) await attempt('card', () => saveCard(report, step));
      return { report, value, isBest, seconds: (performance.now() - begin) / 1000 };
    },
    dispose: () => judge.dispose(),
  };
}
