import { UniecsError } from '@uniecs/tensor';
import type { Model } from '../onnx/encode.js';
import { deviceUnavailable, firstLine, type OrtDevice } from './device.js';
import { nodesWithoutKernel } from './nodes-without-kernel.js';

/** A library that is not there, in the words of ONNX Runtime and of the loaders. */
const noLibrary = /load (shared )?library|cannot open shared|backend not found/i;

/** Memory or room that cannot be had, in the words of ONNX Runtime's arena, C++, Vulkan, Dawn and CUDA. */
const memory =
  /alloc|out of memory|OUT_OF_\w*MEMORY|buffer size .*exceeds|exceeds the supported maximum|Invalid Buffer .*due to a previous error|too many storage buffers/i;

/** A graphics card that is not there. */
const noCard = /adapter|no CUDA-capable|driver version is insufficient/i;

/** A device that fails whatever the values are. */
const fault = /device (was |is |has been )?lost|WebGPU (validation|device)|CUDA (failure|error)|CUBLAS|CUDNN|DXGI/i;

/** The typed error for a model that a device did not take. */
export async function sessionError(model: Model, device: OrtDevice, error: unknown): Promise<UniecsError> {
  const message = firstLine(error);
  const where = model.name;
  if (device !== 'cpu' && noLibrary.test(message)) return deviceUnavailable(where, device, error);
  if (memory.test(message)) return outOfMemory(where, device, error);
  if (device !== 'cpu' && noCard.test(message)) return deviceUnavailable(where, device, error);
  if (device !== 'cpu' && fault.test(message)) return deviceFault(where, device, error);
  const elsewhere = /assigned to the default CPU EP/.test(message);
  const missing = elsewhere ? await nodesWithoutKernel(model, device) : [];
  return new UniecsError({
    code: 'unsupported',
    where,
    expected: elsewhere ? `a graph that runs wholly on ${device}` : 'a graph that ONNX Runtime accepts',
    got: missing.length > 0 ? `nodes that it has no kernel for: ${missing.join('; ')}` : message,
    hint: elsewhere
      ? 'express it by other ops, or use the device cpu'
      : 'this is a fault of the compiler: please report it with the function',
    cause: error,
  });
}

/** The typed error for a run that failed: `unavailable` where memory or the device did, else `data`. */
export function runError(where: string, device: OrtDevice, error: unknown): UniecsError {
  const message = error instanceof Error ? error.message : String(error);
  if (memory.test(message)) return outOfMemory(where, device, error);
  if (/requires f16/.test(message)) return withoutFloat16(where, device, error);
  if (device !== 'cpu' && fault.test(message)) return deviceFault(where, device, error);
  return new UniecsError({
    code: 'data',
    where,
    expected: 'inputs on which the graph can run',
    got: message,
    hint: 'check the values of the inputs (ids within their table, for one); the state is as it was',
    cause: error,
  });
}

function outOfMemory(where: string, device: OrtDevice, error: unknown): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where,
    expected: `memory for the arrays of the graph on the device ${device}`,
    got: firstLine(error),
    hint: 'make the inputs smaller (a smaller batch or micro-batch), or free memory; the state is as it was',
    cause: error,
  });
}

function withoutFloat16(where: string, device: OrtDevice, error: unknown): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where,
    expected: `a device ${device} with float16 (shader-f16)`,
    got: firstLine(error),
    hint: 'use the precision float32 on it',
    cause: error,
  });
}

function deviceFault(where: string, device: OrtDevice, error: unknown): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where,
    expected: `the device ${device} to work`,
    got: firstLine(error),
    hint: 'start again from what is saved, see the log of the driver, or use the device cpu',
    cause: error,
  });
}
