import type { Device } from '@uniecs/compile';
import type { ImageSource } from '@uniecs/encoders/node';
import type { Pair } from '@uniecs/mbeer';
import type { Split } from '../ablation/grid-folder.js';
import type { RunGridOptions } from '../ablation/run-grid.js';
import type { ImageForm } from '../model/image-form.js';
import type { GivenSettings } from '../training/train-settings.js';

/** A model folder that exists, in the place of a training: `name` is that of a method, or another. Several of a name are several seeds. */
export interface GivenModel {
  readonly name: string;
  readonly folder: string;
}

/** What models are trained with, each arm with each seed. */
export interface TrainingOptions
  extends Pick<
    RunGridOptions,
    'train' | 'validation' | 'init' | 'features' | 'inputs' | 'keepCheckpoints' | 'onEvent'
  > {
  /** Settings that all arms share; preset, model and seeds are those of the reproduction. */
  readonly settings: GivenSettings;
  readonly seeds: readonly number[];
}

/** How far the measurement of a model is. */
export interface MeasureProgress {
  readonly name: string;
  /** What is counted: `items` that are embedded, say. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** How models are run. */
export interface RunModels {
  /** Where they run; default `cpu`. */
  readonly device?: Device | undefined;
  /** The source of images of a form, which the caller disposes; default one of each model's own. */
  readonly images?: ((form: ImageForm) => ImageSource) | undefined;
}

/** What a reproduction that needs models is made with. */
export interface ReproduceOptions extends RunModels {
  /** The folder that it writes to; several reproductions share one, so that each model is trained once. */
  readonly out: string;
  /** The pairs that models are judged on. */
  readonly evaluation: readonly Pair[];
  /** Whether these are test pairs, or those of validation, which flatter. */
  readonly split: Split;
  readonly given?: readonly GivenModel[];
  /** Needed only where a method is given no folder. */
  readonly training?: TrainingOptions | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onMeasure?: ((progress: MeasureProgress) => void) | undefined;
}
