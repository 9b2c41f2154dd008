export { checkShape, type Dims } from './check-shape.js';
export { type ErrorCode, type ErrorFields, UniecsError } from './errors.js';
export { inFloat32, isInFloat32 } from './in-float32.js';
export {
  type DropoutSource,
  dropout,
  dropoutMask,
  dropoutSource,
  type ForwardContext,
} from './layers/dropout.js';
export { type Embedding, type EmbeddingOptions, embedding } from './layers/embedding.js';
export { type LayerNorm, layerNorm } from './layers/layer-norm.js';
export { affine, type Linear, type LinearOptions, linear } from './layers/linear.js';
export {
  type AttentionInput,
  type MultiHeadAttention,
  type MultiHeadAttentionOptions,
  multiHeadAttention,
} from './layers/multi-head-attention.js';
export {
  type Activation,
  activations,
  type TransformerBlock,
  type TransformerBlockOptions,
  transformerBlock,
} from './layers/transformer-block.js';
export {
  disposeModule,
  type LoadReport,
  loadStateDict,
  type Module,
  namedParameters,
  type ParameterTree,
  parameters,
  type StateDict,
  stateDict,
} from './module.js';
export { type AttentionOptions, attention } from './ops/attention.js';
export { fusedKernel } from './ops/fused-kernel.js';
export { gelu, quickGelu } from './ops/gelu.js';
export { l2Normalize } from './ops/l2-normalize.js';
export { layerNormalize } from './ops/layer-normalize.js';
export { maskedMean } from './ops/masked-mean.js';
export { logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from './ops/softmax.js';
export { stopGradient } from './ops/stop-gradient.js';
export { parameter } from './parameter.js';
export { type CounterPosition, counterLimit, counterUniform } from './random/counter-uniform.js';
export { type Random, seededRandom } from './random/seeded-random.js';
export { registeredGradients } from './register-gradients.js';
export type { FileArrays, FileDtype, FileTensor } from './weights/file-tensor.js';
export { decodeFloat16, type EncodedHalves, encodeFloat16 } from './weights/half-floats.js';
export {
  parseSafetensors,
  type ReadOptions,
  type SafetensorsFile,
  serializeSafetensors,
} from './weights/safetensors.js';
export { fileTensorsToStateDict, stateDictToFileTensors } from './weights/state-dict-file-tensors.js';
