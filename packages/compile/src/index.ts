export { lowerings as supportedKernels } from './kernels/lowerings.js';
export { type CompiledFunction, type CompileOptions, compile } from './runtime/compile.js';
export { type DeviceState, deviceState, type StateTree, variablesOf } from './runtime/device-state.js';
export { hostTensor } from './runtime/host-tensor.js';
export type { HostTensor, HostTree } from './trace/tensor-tree.js';
