import type { GradConfig } from '@tensorflow/tfjs-core';
import * as registration from '@tensorflow/tfjs-core/dist/register_all_gradients';

// As published the module registers its table and exports nothing; the build makes it export the table (see tsup.config.ts).
const { gradients: table } = registration as unknown as { readonly gradients: readonly GradConfig[] };

/** The gradient of every tfjs kernel, as tfjs-core publishes them. */
export const gradients: readonly GradConfig[] = table;
