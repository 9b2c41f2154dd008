import type { GradConfig } from '@tensorflow/tfjs-core';
// @ts-expect-error: the build rewrites this module to export its table (see tsup.config.ts)
import { gradients as table } from '@tensorflow/tfjs-core/dist/register_all_gradients';

/** The gradient of every tfjs kernel, as tfjs-core publishes them. */
export const gradients: readonly GradConfig[] = table;
