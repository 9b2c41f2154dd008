export type { Precision } from './graph/graph.js';
export { lowerings as supportedKernels } from './kernels/lowerings.js';
export { precisions } from './runtime/check-precision.js';
export {
  agrees,
  type ChosenDevice,
  chooseDevice,
  comparison,
  type DeviceProbe,
  type Prober,
  probeDevice,
} from './runtime/choose-device.js';
export { type CompiledFunction, type CompileOptions, compile } from './runtime/compile.js';
export { backendOf, type Device, deviceRemedies, type OrtDevice, ortDevices } from './runtime/device.js';
export { type DeviceState, deviceState, type StateTree, variablesOf } from './runtime/device-state.js';
export { hostTensor } from './runtime/host-tensor.js';
export {
  type ByteProduct,
  type FloatProduct,
  type MatrixProducts,
  type MatrixProductsOptions,
  matrixProducts,
} from './runtime/matrix-products.js';
export { stateView } from './runtime/state-view.js';
export { type ChunkedPass, type ChunkOptions, inChunks } from './trace/in-chunks.js';
export type { HostTensor, HostTree } from './trace/tensor-tree.js';
