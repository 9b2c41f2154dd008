import { plainProduct } from '../graph/for-device.js';
import type { Value } from '../graph/graph.js';
import type { Rewrite } from '../graph/rewrite.js';

/** ONNX's own operators in the place of ONNX Runtime's, so that other runtimes take the file too. */
export const standardOperators: Readonly<Record<string, Rewrite>> = {
  FusedMatMul: plainProduct,
  Gelu: (graph, { inputs }) => {
    const x = inputs[0] as Value;
    return [graph.one('Gelu', [x], x.dtype, x.shape, { approximate: 'none' })];
  },
  QuickGelu: (graph, { inputs, attributes }) => {
    const x = inputs[0] as Value;
    const { float: alpha } = attributes.alpha as { float: number };
    const scaled = graph.one('Mul', [x, graph.splat(alpha, x.dtype, [])], x.dtype, x.shape);
    return [graph.one('Mul', [x, graph.one('Sigmoid', [scaled], x.dtype, x.shape)], x.dtype, x.shape)];
  },
};
