import { join } from 'node:path';
import type { AblationEvent } from '../ablation/run-grid.js';
import type { MeasureProgress, ReproduceOptions } from '../reproduction/reproduce-options.js';
import type { ConfigOf } from '../training/assemble-run.js';
import type { GivenSettings } from '../training/train-settings.js';
import { type SmallCatalogue, withGaps } from './small-catalogue.js';
import { smallConfigOf } from './small-training.js';

/** The small models, with the words of the pairs. */
export const smallConfigs: ConfigOf = ({ model, fusion }, vocabularySize) => {
  const config = smallConfigOf(model as Parameters<typeof smallConfigOf>[0]);
  const text = { ...config.text, vocabularySize, maxLength: 8 };
  return { ...config, text, fusion: { ...config.fusion, ...fusion } } as ReturnType<ConfigOf>;
};

/** Two steps a run and few terms, so that compiling takes little. */
export const quickSettings: GivenSettings = {
  ...{ batchSize: 8, steps: 2, drop: ['CMAL', 'PDC', 'IMCL'], warmupSteps: 1, learningRate: 0.01, dataWorkers: 0 },
  ...{ validateEvery: 9, weighting: { scope: 'representations' } },
};

/** A reproduction of small models on a small catalogue, and what it told. */
export function smallReproduction(catalogue: SmallCatalogue, out: string, seeds: readonly number[] = [7]) {
  const trainings: string[] = [];
  const measured: MeasureProgress[] = [];
  const onEvent = (event: AblationEvent) => {
    if (event.type === 'cell' && event.status === 'started') trainings.push(event.cell.folder);
  };
  const { train, validation } = catalogue;
  const options: ReproduceOptions = {
    ...{ out: join(catalogue.folder, out), evaluation: withGaps(validation), split: 'test' },
    training: { train, validation, settings: quickSettings, seeds, onEvent },
    onMeasure: (progress) => measured.push(progress),
  };
  return { options, trainings, measured };
}
