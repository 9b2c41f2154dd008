import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { callSite, unsupportedOp } from '../errors.js';
import { type Elements, elementType, type Graph, type Value } from '../graph/graph.js';
import { lowerings } from '../kernels/lowerings.js';
import { cast, elementsOf, reshape } from '../kernels/tools.js';

/** The name of the tracing backend among tfjs's backends. */
export const traceBackendName = 'uniecs-trace';

/** Arrays made in JavaScript while tracing become constants; more elements than this are a mistake, or belong in an input. */
const largestConstant = 65536;

/** Tensors of outside that were not declared become constants up to this many elements (a scale, a small table). */
const largestCapture = 1024;

/** Scopes of tfjs ops that draw random numbers in JavaScript. */
const drawingOps = /^(rand|random[A-Z]\w*|truncatedNormal|multinomial)__op$/;

interface Recorded {
  readonly value: Value;
  references: number;
}

/** A tfjs backend whose kernels compute nothing: each records what it would do in a graph. */
export class TraceBackend extends tf.KernelBackend {
  #graph: Graph | undefined;
  #loops = true;
  #recorded = new WeakMap<object, Recorded>();
  #captured = new WeakMap<object, Value>();

  /** Starts a new recording; without `loops` the device runs none. */
  begin(graph: Graph, loops: boolean): void {
    this.#graph = graph;
    this.#loops = loops;
    this.#captured = new WeakMap();
  }

  /** Ends the recording. */
  end(): void {
    this.#graph = undefined;
  }

  /** Whether the graph may hold loops. */
  get loops(): boolean {
    return this.#loops;
  }

  get graph(): Graph {
    if (!this.#graph) throw new Error('The tracing backend records only inside compile');
    return this.#graph;
  }

  /** A tfjs handle of a value. */
  handle(value: Value): tf.TensorInfo {
    const dataId = {};
    this.#recorded.set(dataId, { value, references: 1 });
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  /** The value of a tensor: recorded here, or captured from outside as a constant. */
  lookup(tensor: tf.TensorInfo): Value {
    const known = this.#recorded.get(tensor.dataId)?.value ?? this.#captured.get(tensor.dataId);
    const value = known ?? this.#capture(tensor);
    // Tensors of outside may share their data under several shapes and dtypes.
    return reshape(this.graph, cast(this.graph, value, elementType(tensor.dtype) ?? value.dtype), tensor.shape);
  }

  #capture(tensor: tf.TensorInfo): Value {
    const size = tf.util.sizeFromShape(tensor.shape);
    const variables = Object.values(tf.engine().registeredVariables);
    const isVariable = variables.some((variable) => variable.dataId === tensor.dataId);
    if (isVariable || size > largestCapture) {
      throw new UniecsError({
        code: 'argument',
        where: 'compile',
        expected: `captured tensors of at most ${largestCapture} elements, and variables only as declared state`,
        got: `${isVariable ? 'a variable' : 'a tensor'} of shape [${tensor.shape.join(', ')}] used at ${callSite()}`,
        hint: 'pass it as an input, or name its module in the option state; it would be frozen into the graph otherwise',
      });
    }
    const value = this.#constant(tf.engine().readSync(tensor.dataId), tensor.shape, tensor.dtype);
    this.#captured.set(tensor.dataId, value);
    return value;
  }

  #constant(values: tf.BackendValues, shape: readonly number[], dtype: tf.DataType): Value {
    const type = elementType(dtype);
    if (!type) throw unsupportedOp(`a ${dtype} tensor`, 'only float32, int32 and bool are supported');
    const make = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type as tf.NumericDataType & 'bool'];
    return this.graph.constant(make.from(values as ArrayLike<number>) as Elements, type, shape);
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const drawing = tf.engine().state.scopeStack.find(({ name }) => drawingOps.test(name));
    if (drawing) {
      throw new UniecsError({
        code: 'argument',
        where: 'compile',
        expected: 'random numbers from an input (counterUniform, dropoutSource)',
        got: `tf.${drawing.name.replace('__op', '')} at ${callSite()}`,
        hint: 'its numbers would be frozen into the graph and repeat at every call; draw from a counter that is an input',
      });
    }
    const value = this.#constant(values, shape, dtype);
    if (value.constant && value.constant.length > largestConstant) {
      throw new UniecsError({
        code: 'argument',
        where: 'compile',
        expected: `constants of at most ${largestConstant} elements`,
        got: `an array of shape [${shape.join(', ')}] made at ${callSite()}`,
        hint: 'pass it as an input',
      });
    }
    return this.handle(value).dataId;
  }

  override readSync(dataId: object): tf.BackendValues {
    const value = this.#recorded.get(dataId)?.value;
    const elements = value && elementsOf(value);
    if (elements) return elements as tf.BackendValues;
    throw new UniecsError({
      code: 'argument',
      where: 'compile',
      expected: 'a function that does not read the values of tensors',
      got: `a read (dataSync, data or array) at ${callSite()}`,
      hint: 'while tracing, tensors have no values yet: choose with tf.where, or return the tensor and read the result',
    });
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    return this.readSync(dataId);
  }

  override disposeData(dataId: object): boolean {
    const recorded = this.#recorded.get(dataId);
    if (recorded) recorded.references--;
    return !recorded || recorded.references <= 0;
  }

  override incRef(dataId: object): void {
    const recorded = this.#recorded.get(dataId);
    if (recorded) recorded.references++;
  }

  override refCount(dataId: object): number {
    return this.#recorded.get(dataId)?.references ?? 0;
  }

  override numDataIds(): number {
    return 0;
  }

  override memory() {
    return { unreliable: true, reasons: ['nothing is stored while tracing'] };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {}
}

/** The tracing backend, registered with tfjs at first use. */
export function traceBackend(): TraceBackend {
  if (!tf.findBackendFactory(traceBackendName)) {
    const backend = new TraceBackend();
    tf.registerBackend(traceBackendName, () => backend, 0);
    registerKernels(backend);
  }
  return tf.findBackend(traceBackendName) as TraceBackend;
}

function registerKernels(backend: TraceBackend): void {
  const exported: unknown[] = Object.values(tf);
  const names = exported.filter((name): name is string => typeof name === 'string' && /^_?[A-Z]/.test(name));
  for (const kernelName of new Set([...names, ...Object.keys(lowerings)])) {
    const lowering = lowerings[kernelName];
    tf.registerKernel({
      kernelName,
      backendName: traceBackendName,
      kernelFunc: ({ inputs, attrs }) => {
        if (!lowering) throw unsupportedOp(kernelName, 'no lowering to ONNX');
        const named: Record<string, Value> = {};
        for (const [name, tensor] of Object.entries(inputs)) {
          if (tensor !== null && tensor !== undefined) named[name] = backend.lookup(tensor);
        }
        const result = lowering({
          graph: backend.graph,
          inputs: named,
          list: Object.values(named),
          attributes: (attrs ?? {}) as Record<string, unknown>,
        });
        return Array.isArray(result) ? result.map((value) => backend.handle(value)) : backend.handle(result as Value);
      },
    });
  }
}
