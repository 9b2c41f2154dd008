export { type ExportedOnnx, type ExportOptions, exportOnnx, type OnnxEdge } from './export/export-onnx.js';
export { type WeightType, weightTypes } from './export/small-weights.js';
export type { Precision } from './graph/graph.js';
export { lowerings as supportedKernels } from './kernels/lowerings.js';
export { type CheckOnnxOptions, checkOnnx, type OnnxSummary } from './onnx-file/check-onnx.js';
export { type OnnxModel, type OpenOnnxOptions, openOnnx } from './onnx-file/open-onnx.js';
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
