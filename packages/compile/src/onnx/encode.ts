import { PbfWriter } from 'pbf';
import type { Attribute, Body, Elements, ElementType, Node, Value } from '../graph/graph.js';

/** An input or output of a model. */
export interface ModelEdge {
  readonly name: string;
  readonly value: Value;
  /** The shape where some sizes are names, `batch` say; default that of the value. */
  readonly dimensions?: readonly (number | string)[];
}

/** An ONNX model as data: what `encodeModel` writes. */
export interface Model {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly { readonly name: string; readonly value: Value; readonly elements: Elements }[];
  readonly inputs: readonly ModelEdge[];
  readonly outputs: readonly ModelEdge[];
  /** The name of a value in the model; '' for an optional input that is absent. */
  readonly nameOf: (value: Value | undefined) => string;
  /** Strings about the model by name; default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** ONNX's numbers for element types. */
export const onnxTypes: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** The operator sets that graphs are written for, and ONNX Runtime's own. */
const operatorSets = [
  { domain: '', version: 20 },
  { domain: 'com.microsoft', version: 1 },
] as const;

/** Whether a node, or one in its body, is of ONNX Runtime's own operators. */
const isOwn = ({ domain, body }: Node): boolean => domain !== '' || (body?.nodes.some(isOwn) ?? false);

/** Serializes a model in ONNX's protobuf form (onnx.proto3, IR version 9). */
export function encodeModel(model: Model): Uint8Array {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 9);
  writer.writeStringField(2, 'uniecs');
  writer.writeMessage(7, writeGraph, model);
  const [standard, own] = operatorSets;
  for (const set of model.nodes.some(isOwn) ? [standard, own] : [standard]) {
    writer.writeMessage(8, writeOperatorSet, set);
  }
  for (const entry of Object.entries(model.metadata ?? {})) writer.writeMessage(14, writeEntry, entry);
  return writer.finish();
}

function writeEntry([key, value]: [string, string], writer: PbfWriter): void {
  writer.writeStringField(1, key);
  writer.writeStringField(2, value);
}

function writeOperatorSet(set: (typeof operatorSets)[number], writer: PbfWriter): void {
  writer.writeStringField(1, set.domain);
  writer.writeVarintField(2, set.version);
}

function writeGraph(model: Model, writer: PbfWriter): void {
  for (const node of model.nodes) writer.writeMessage(1, writeNode, { node, nameOf: model.nameOf });
  writer.writeStringField(2, model.name);
  for (const initializer of model.initializers) writer.writeMessage(5, writeTensor, initializer);
  for (const input of model.inputs) writer.writeMessage(11, writeValueInfo, input);
  for (const output of model.outputs) writer.writeMessage(12, writeValueInfo, output);
}

function writeNode({ node, nameOf }: { node: Node; nameOf: Model['nameOf'] }, writer: PbfWriter): void {
  for (const input of node.inputs) writer.writeStringField(1, nameOf(input));
  for (const output of node.outputs) writer.writeStringField(2, nameOf(output));
  writer.writeStringField(4, node.op);
  for (const [name, value] of Object.entries(node.attributes)) writer.writeMessage(5, writeAttribute, { name, value });
  if (node.body) writer.writeMessage(5, writeBody, { body: node.body, nameOf });
  if (node.domain !== '') writer.writeStringField(7, node.domain);
}

/** A loop's body as the attribute `body`. */
function writeBody({ body, nameOf }: { body: Body; nameOf: Model['nameOf'] }, writer: PbfWriter): void {
  const named = (values: readonly Value[]) => values.map((value) => ({ name: nameOf(value), value }));
  const { nodes, inputs, outputs } = body;
  const graph = { name: 'body', nodes, initializers: [], inputs: named(inputs), outputs: named(outputs), nameOf };
  writer.writeStringField(1, 'body');
  writer.writeMessage(6, writeGraph, graph);
  writer.writeVarintField(20, 5);
}

function writeAttribute({ name, value }: { name: string; value: Attribute }, writer: PbfWriter): void {
  writer.writeStringField(1, name);
  if (typeof value === 'number') {
    writer.writeVarintField(3, value);
    writer.writeVarintField(20, 2);
  } else if (typeof value === 'string') {
    writer.writeStringField(4, value);
    writer.writeVarintField(20, 3);
  } else if ('float' in value) {
    writer.writeFloatField(2, value.float);
    writer.writeVarintField(20, 1);
  } else {
    for (const integer of value) writer.writeVarintField(8, integer);
    writer.writeVarintField(20, 7);
  }
}

function writeTensor({ name, value, elements }: Model['initializers'][number], writer: PbfWriter): void {
  for (const size of value.shape) writer.writeVarintField(1, size);
  writer.writeVarintField(2, onnxTypes[value.dtype]);
  writer.writeStringField(8, name);
  writer.writeBytesField(9, new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
}

function writeValueInfo(edge: ModelEdge, writer: PbfWriter): void {
  writer.writeStringField(1, edge.name);
  writer.writeMessage(2, writeType, edge);
}

function writeType(edge: ModelEdge, writer: PbfWriter): void {
  writer.writeMessage(1, writeTensorType, edge);
}

function writeTensorType({ value, dimensions = value.shape }: ModelEdge, writer: PbfWriter): void {
  writer.writeVarintField(1, onnxTypes[value.dtype]);
  writer.writeMessage(2, writeShape, dimensions);
}

function writeShape(shape: readonly (number | string)[], writer: PbfWriter): void {
  for (const size of shape) writer.writeMessage(1, writeDimension, size);
}

function writeDimension(size: number | string, writer: PbfWriter): void {
  if (typeof size === 'string') writer.writeStringField(2, size);
  else writer.writeVarintField(1, size);
}
