import { InferenceSession } from 'onnxruntime-node';
import type { Node, Value } from '../graph/graph.js';
import { elementsOf } from '../kernels/tools.js';
import { encodeModel, type Model } from '../onnx/encode.js';
import type { OrtDevice } from './device.js';

/**
 * Which nodes of a model a device has no kernel for, each kind once: `TopK(float32 [3, 5])`. ONNX Runtime says only that there are
 * some, so each is tried in a model of its own.
 */
export async function nodesWithoutKernel(model: Model, device: OrtDevice): Promise<string[]> {
  const kinds = new Map<string, Node>();
  for (const node of model.nodes) {
    const dtypes = node.inputs.map((input) => input?.dtype);
    kinds.set(`${node.op}(${dtypes}) ${JSON.stringify(node.attributes)}`, node);
  }
  const missing: string[] = [];
  for (const node of kinds.values()) if (!(await runsOn(node, device))) missing.push(described(node));
  return [...new Set(missing)];
}

async function runsOn(node: Node, device: OrtDevice): Promise<boolean> {
  try {
    const session = await InferenceSession.create(encodeModel(alone(node)), {
      executionProviders: [device],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    });
    await session.release();
    return true;
  } catch {
    return false;
  }
}

/** A model of one node: constants inside, all else as inputs. */
function alone(node: Node): Model {
  const inputs = [...new Set(node.inputs.filter((input) => input !== undefined))];
  const names = new Map([...inputs, ...node.outputs].map((value, i) => [value, `v${i}`]));
  const named = (value: Value) => ({ name: names.get(value) as string, value });
  return {
    name: node.op,
    nodes: [node],
    initializers: inputs.flatMap((value) => {
      const elements = elementsOf(value);
      return elements ? [{ ...named(value), elements }] : [];
    }),
    inputs: inputs.filter((value) => elementsOf(value) === undefined).map(named),
    outputs: node.outputs.map(named),
    nameOf: (value) => (value ? (names.get(value) as string) : ''),
  };
}

function described({ op, inputs }: Node): string {
  const operands = inputs.map((input) => (input ? `${input.dtype} [${input.shape.join(', ')}]` : 'none'));
  return `${op}(${operands.join(', ')})`;
}
