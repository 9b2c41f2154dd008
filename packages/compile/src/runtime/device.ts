import { UniecsError } from '@uniecs/tensor';

/** One of ONNX Runtime's execution providers. */
export type OrtDevice = 'cpu' | 'webgpu' | 'cuda';

/**
 * Where a function runs: as one graph in ONNX Runtime, or eagerly, op by op, on a tfjs backend by its registered name (`tfjs:cpu`,
 * `tfjs:wasm`; `tfjs:tensorflow` is @tensorflow/tfjs-node or tfjs-node-gpu).
 */
export type Device = OrtDevice | `tfjs:${string}`;

/** ONNX Runtime's devices, whether or not they work here. */
export const ortDevices: readonly OrtDevice[] = ['cpu', 'webgpu', 'cuda'];

/** What to install for one that does not work. */
export const deviceRemedies: Readonly<Record<OrtDevice, string>> = {
  cpu: 'install onnxruntime-node again',
  webgpu:
    process.platform === 'linux'
      ? 'install the Vulkan loader and the driver of the graphics card (Debian and Ubuntu: libvulkan1, and mesa-vulkan-drivers for AMD and Intel or the driver of NVIDIA), or use the device cpu'
      : "update the graphics card's driver, or use the device cpu",
  cuda: 'on Linux x64 install CUDA 12, cuDNN 9 and the provider (ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js), or use the device cpu',
};

/** The error for a device that does not work here. */
export function deviceUnavailable(where: string, device: OrtDevice, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where,
    expected: `the device ${device}`,
    got: firstLine(cause),
    hint: deviceRemedies[device],
    cause,
  });
}

/** An error of ONNX Runtime without its source file, function and stack. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.trim().split('\n')[0] as string)
    .replace(/^\/\S+\.cc:\d+ .*? (was false\. |\[ONNXRuntimeError\])/, '')
    .trim();
}

/** @throws UniecsError `argument` for a name that is none of a device, whether or not it works here */
export function checkDevice(device: Device, where: string): void {
  const name = String(device);
  if (ortDevices.includes(device as OrtDevice) || /^tfjs:./.test(name)) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: `${ortDevices.join(', ')} or tfjs:NAME`,
    got: name === '' ? "''" : name,
    hint: 'name a device so',
  });
}

/** The tfjs backend of a device; none for one of ONNX Runtime's. */
export function backendOf(device: Device): string | undefined {
  return device.startsWith('tfjs:') ? device.slice('tfjs:'.length) : undefined;
}
