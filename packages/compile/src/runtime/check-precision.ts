import { UniecsError } from '@uniecs/tensor';
import type { Precision } from '../graph/graph.js';
import { backendOf, type Device } from './device.js';

/** What matrix products may multiply, by name. */
export const precisions: readonly Precision[] = ['float32', 'float16', 'bfloat16'];

/**
 * Refuses a precision that a device does not have at all. What depends on the card (WebGPU's `shader-f16`) is seen when the session
 * is built.
 *
 * @throws UniecsError `argument` for a name that is none; `unsupported` for 16 bits on a tfjs backend, bfloat16 on WebGPU
 */
export function checkPrecision(precision: Precision, device: Device, where: string): void {
  if (!precisions.includes(precision)) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: `precision of ${precisions.join(', ')}`,
      got: String(precision),
      hint: 'name one of them',
    });
  }
  const eager = backendOf(device) !== undefined;
  if (precision === 'float32' || (!eager && !(device === 'webgpu' && precision === 'bfloat16'))) return;
  throw new UniecsError({
    code: 'unsupported',
    where,
    expected: eager ? 'float32 on a tfjs backend' : 'float32 or float16 on webgpu',
    got: precision,
    hint: eager ? "use one of ONNX Runtime's devices, or float32" : 'use float16, or the device cuda',
  });
}
