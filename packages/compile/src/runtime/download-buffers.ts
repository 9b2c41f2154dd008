import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { Graph } from '../graph/graph.js';
import { encodeModel } from '../onnx/encode.js';
import type { HostTensor } from '../trace/tensor-tree.js';

/**
 * The elements of WebGPU buffers, copied to the host. ONNX Runtime's binding for Node has no call for it, so a graph of `Identity`
 * nodes whose outputs are asked for in host memory does it.
 */
export async function downloadBuffers(buffers: readonly OrtTensor[]): Promise<HostTensor['data'][]> {
  if (buffers.length === 0) return [];
  const graph = new Graph();
  const copies = buffers.map(({ type, dims }, i) => {
    const dtype = type as HostTensor['dtype'];
    const from = graph.input(`in.${i}`, dtype, dims);
    return { from, to: graph.one('Identity', [from], dtype, dims) };
  });
  const names = new Map(
    copies.flatMap(({ from, to }, i) => [
      [from, `in.${i}`],
      [to, `out.${i}`],
    ]),
  );
  const named = (key: 'from' | 'to') =>
    copies.map((copy) => ({ name: names.get(copy[key]) as string, value: copy[key] }));
  const bytes = encodeModel({
    name: 'download',
    nodes: graph.nodes,
    initializers: [],
    inputs: named('from'),
    outputs: named('to'),
    nameOf: (value) => (value ? (names.get(value) as string) : ''),
  });
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'cpu',
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run(Object.fromEntries(buffers.map((buffer, i) => [`in.${i}`, buffer])));
    return buffers.map((_, i) => (results[`out.${i}`] as OrtTensor).data as Float32Array);
  } finally {
    await session.release();
  }
}
