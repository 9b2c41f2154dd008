import type { DataType } from '@tensorflow/tfjs-core';

/** What the matrix products of a graph multiply: float32, or its operands rounded to 16 bits. */
export type Precision = 'float32' | 'float16' | 'bfloat16';

/**
 * The element types that a graph carries; `int64` only inside, where an ONNX operator demands it, `float64` where whole
 * numbers need its precision, 16 bits for operands and results of matrix products, and 8 bits in `matrixProducts` and exported files.
 */
export type ElementType = Precision | 'int32' | 'bool' | 'int64' | 'float64' | 'int8' | 'uint8';

/** The elements of a constant; 16-bit floats as words. */
export type Elements = Float32Array | Float64Array | Int32Array | Uint8Array | Int8Array | Uint16Array | BigInt64Array;

/** An attribute of an operator. Whole numbers are ints; a float is wrapped, since `1` could be either. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** The attributes of an operator by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** One array in the graph: an input, a constant, or an output of a node. */
export interface Value {
  readonly id: number;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly node?: Node;
  readonly constant?: Elements;
  /** Set where all elements of a constant are this number: such a constant has no elements of its own. */
  readonly splat?: number;
  readonly inputName?: string;
}

/** One ONNX operator. */
export interface Node {
  readonly op: string;
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** What a loop does in each round. */
  readonly body?: Body;
}

/** Nodes that run inside another one. They may read values from outside, which stay the same in all rounds. */
export interface Body {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** Type and shape of an output. */
export interface OutputType {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

/** How a graph multiplies matrices; default in float32. */
export interface GraphOptions {
  readonly precision?: Precision;
  /** For devices without kernels of 16 bits. */
  readonly emulatesPrecision?: boolean;
}

const hashedBytes = 65536;

/**
 * A graph under construction, in single assignment. A node equal to an earlier one (same operator, inputs and attributes) is
 * that earlier one, so common subexpressions are computed once; equal small constants are one.
 */
export class Graph {
  /** What matrix products multiply. */
  readonly precision: Precision;
  /** Whether operands and results are rounded to the precision, and float32 is multiplied. */
  readonly emulatesPrecision: boolean;
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly #known = new Map<string, readonly Value[]>();
  #nextId = 0;

  constructor({ precision = 'float32', emulatesPrecision = false }: GraphOptions = {}) {
    this.precision = precision;
    this.emulatesPrecision = emulatesPrecision;
  }

  input(name: string, dtype: ElementType, shape: readonly number[]): Value {
    const value: Value = { id: this.#nextId++, dtype, shape: [...shape], inputName: name };
    this.inputs.push(value);
    return value;
  }

  /** A value that stands for a body's input. */
  local(dtype: ElementType, shape: readonly number[]): Value {
    return { id: this.#nextId++, dtype, shape: [...shape] };
  }

  /** Adds a node with a body. */
  loop(
    op: string,
    inputs: readonly Value[],
    outputs: readonly OutputType[],
    attributes: Attributes,
    body: Body,
  ): readonly Value[] {
    const values: Value[] = [];
    const node: Node = { op, domain: '', inputs: [...inputs], outputs: values, attributes, body };
    for (const { dtype, shape } of outputs) values.push({ id: this.#nextId++, dtype, shape: [...shape], node });
    this.nodes.push(node);
    return values;
  }

  constant(elements: Elements, dtype: ElementType, shape: readonly number[]): Value {
    const first = Number(elements[0] ?? 0);
    if (elements.length > 0 && dtype !== 'int64' && (elements as Float32Array).every((x) => Object.is(x, first))) {
      return this.splat(first, dtype, shape);
    }
    const make = (): [Value] => [{ id: this.#nextId++, dtype, shape: [...shape], constant: elements.slice() }];
    if (elements.byteLength > hashedBytes) return make()[0];
    const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString('latin1');
    return this.#remember(`constant ${dtype} [${shape}] ${bytes}`, make)[0];
  }

  /** A constant that takes the elements as they are, without looking for an equal one: for weights. */
  literal(elements: Elements, dtype: ElementType, shape: readonly number[]): Value {
    return { id: this.#nextId++, dtype, shape: [...shape], constant: elements };
  }

  /** A constant whose elements are all one number, rounded to what the type can hold. */
  splat(value: number, dtype: ElementType, shape: readonly number[]): Value {
    const held = rounded(value, dtype);
    const key = `splat ${dtype} [${shape}] ${Object.is(held, -0) ? '-0' : held}`;
    const make = (): [Value] => [{ id: this.#nextId++, dtype, shape: [...shape], splat: held }];
    return this.#remember(key, make)[0];
  }

  /** Adds an operator, or finds the equal one, and returns its outputs. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    outputs: readonly OutputType[],
    attributes: Attributes = {},
    domain: Node['domain'] = '',
  ): readonly Value[] {
    const key = `${domain}:${op}(${inputs.map((input) => input?.id ?? '')}) ${JSON.stringify(attributes)} ${outputs.length}`;
    return this.#remember(key, () => {
      const values: Value[] = [];
      const node: Node = { op, domain, inputs: [...inputs], outputs: values, attributes };
      for (const { dtype, shape } of outputs) values.push({ id: this.#nextId++, dtype, shape: [...shape], node });
      this.nodes.push(node);
      return values;
    });
  }

  /** `node` for operators with one output. */
  one(
    op: string,
    inputs: readonly (Value | undefined)[],
    dtype: ElementType,
    shape: readonly number[],
    attributes: Attributes = {},
    domain: Node['domain'] = '',
  ): Value {
    return this.node(op, inputs, [{ dtype, shape }], attributes, domain)[0] as Value;
  }

  /** An int64 constant of rank 1, as ONNX wants axes and shapes. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), 'int64', [values.length]);
  }

  #remember<T extends readonly Value[]>(key: string, make: () => T): T {
    const known = this.#known.get(key);
    if (known) return known as T;
    const made = make();
    this.#known.set(key, made);
    return made;
  }
}

function rounded(value: number, dtype: ElementType): number {
  if (dtype === 'float32') return Math.fround(value);
  if (dtype === 'float64') return value;
  return dtype === 'bool' ? Number(value !== 0) : value | 0;
}

/** The graph's element type for a tfjs dtype; undefined for strings and complex numbers. */
export function elementType(dtype: DataType): ElementType | undefined {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool' ? dtype : undefined;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}
