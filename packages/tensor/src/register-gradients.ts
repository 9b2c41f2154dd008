import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { gradients } from '#gradients';

// In Node, tfjs-core alone registers no gradients; this is the one place that does, so a user of a single package need not know.
for (const gradient of gradients) if (!getGradient(gradient.kernelName)) registerGradient(gradient);

/** How many kernels' gradients tfjs knows once this package is imported. */
export const registeredGradients: number = new Set(gradients.map(({ kernelName }) => kernelName)).size;
