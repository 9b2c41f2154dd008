import type { SettingsFlags } from '../config/settings-of-flags.js';
import type { DeviceName } from '../machine/device.js';
import type { NamedPath } from '../options/named-paths.js';
import type { StartFlags } from '../training/run-start.js';

/** Flags that are settings of all models. */
type ModelSettings = Pick<
  SettingsFlags,
  'size' | 'epochs' | 'steps' | 'batchSize' | 'microBatch' | 'lr' | 'dataWorkers' | 'freeze'
>;

/** The flags of the commands in `uniecs reproduce`; each has those that it has a use for. */
export interface ReproduceFlags extends ModelSettings, StartFlags {
  readonly train?: string;
  readonly val?: string;
  readonly test?: string;
  readonly out: string;
  readonly images?: string;
  readonly imageCache?: string;
  readonly config?: string;
  readonly seeds?: readonly number[];
  readonly device?: DeviceName;
  readonly skipBad?: boolean;
  readonly keepCheckpoints?: boolean;
  readonly logFormat?: 'pretty' | 'jsonl';
  /** Model folders in the place of trainings. */
  readonly model?: readonly NamedPath[];
  readonly embeddings?: readonly NamedPath[];
  readonly fuse?: 'sum';
  /** Folders of the benchmarks of Table 3, and of their pictures. */
  readonly fashion200k?: string;
  readonly fashion200kImages?: string;
  readonly fashioniq?: string;
  readonly fashioniqImages?: string;
  readonly normalize?: boolean;
  readonly preset?: SettingsFlags['preset'];
  readonly beta?: readonly number[];
  readonly catalog?: string;
  readonly category?: string;
  readonly tasks?: readonly string[];
  readonly queries?: number;
  readonly items?: number;
  readonly perplexity?: number;
  readonly iterations?: number;
  readonly drawSeed?: number;
}
