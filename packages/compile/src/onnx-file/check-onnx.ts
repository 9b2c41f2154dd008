import { UniecsError } from '@uniecs/tensor';
import { type Field, fieldsOf, MalformedMessage } from './protobuf-fields.js';

/** What an ONNX file may hold. */
export interface CheckOnnxOptions {
  /** Whether weights may be in other files; default false. */
  readonly externalData?: boolean;
  /** What errors call it; default `an ONNX file`. */
  readonly name?: string;
}

/** What an ONNX file says of itself. */
export interface OnnxSummary {
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: number;
  /** Places of weights in other files, relative to its folder. */
  readonly external: readonly string[];
}

/** Graphs inside of operators inside of graphs. */
const deepest = 16;

/** More operators than any model of these packages by far. */
const mostNodes = 200_000;

/** Bytes of an element by ONNX's number of its type; others are not checked. */
const elementBytes: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};

/**
 * Walks an ONNX file before a native parser sees it: every message, string and array lies within the one around it, every weight has as
 * many bytes as its shape says, operators are ONNX's or ONNX Runtime's, and nothing refers to another file unless that is asked for.
 *
 * @throws UniecsError `data` for a damaged file, operators of others, or weights in other files that are not allowed or lie outside of its
 *   folder
 */
export function checkOnnx(
  bytes: Uint8Array,
  { externalData = false, name = 'an ONNX file' }: CheckOnnxOptions = {},
): OnnxSummary {
  const metadata: Record<string, string> = {};
  const external: string[] = [];
  let nodes = 0;
  let graphs = 0;

  function tensor(message: Uint8Array): void {
    let size = 1;
    let type = 0;
    let raw: number | undefined;
    for (const { number, integer, bytes: content } of fieldsOf(message)) {
      if (number === 1) size *= content ? product(content) : natural(integer);
      if (number === 2) type = natural(integer);
      if (number === 9) raw = lengthOf(content);
      if (number === 13) external.push(locationOf(content, name));
      if (number === 14 && integer === 1 && external.length === 0) external.push('a place that it does not say');
    }
    const width = elementBytes[type];
    if (raw !== undefined && width !== undefined && raw !== size * width) {
      throw new MalformedMessage(`a weight of ${raw} bytes where its shape says ${size * width}`);
    }
  }

  function graph(message: Uint8Array, depth: number): void {
    if (depth > deepest) throw new MalformedMessage(`graphs in graphs, more than ${deepest} deep`);
    for (const { number, bytes: content } of fieldsOf(message)) {
      if (number === 1) node(given(content), depth);
      if (number === 5) tensor(given(content));
      if (number === 15) throw new MalformedMessage('sparse weights, which are not supported');
    }
  }

  function node(message: Uint8Array, depth: number): void {
    nodes++;
    if (nodes > mostNodes) throw new MalformedMessage(`more than ${mostNodes} operators`);
    for (const { number, bytes: content } of fieldsOf(message)) {
      if (number === 5) attribute(given(content), depth);
      if (number === 7) checkDomain(text(content));
    }
  }

  function attribute(message: Uint8Array, depth: number): void {
    for (const { number, bytes: content } of fieldsOf(message)) {
      if (number === 5 || number === 10) tensor(given(content));
      if (number === 6 || number === 11) graph(given(content), depth + 1);
    }
  }

  try {
    for (const { number, bytes: content } of fieldsOf(bytes)) {
      if (number === 7) {
        graphs++;
        graph(given(content), 0);
      }
      if (number === 8)
        for (const field of fieldsOf(given(content))) if (field.number === 1) checkDomain(text(field.bytes));
      if (number === 14) Object.assign(metadata, entryOf(given(content)));
      if (number === 20 || number === 25)
        throw new MalformedMessage('training graphs or functions, which are not supported');
    }
    if (graphs !== 1) throw new MalformedMessage(graphs === 0 ? 'no graph' : `${graphs} graphs`);
  } catch (cause) {
    if (!(cause instanceof MalformedMessage)) throw cause;
    throw unfit(name, `a whole ONNX file: ${name}`, `one with ${cause.message}`, 'export or copy it again', cause);
  }
  if (external.length > 0 && !externalData) {
    const hint = 'pass externalData to allow it, for a file that you trust; exported files have all inside';
    throw unfit(name, `an ONNX file with all weights inside: ${name}`, `weights in '${external[0]}'`, hint);
  }
  return { metadata, nodes, external };
}

function given(content: Uint8Array | undefined): Uint8Array {
  if (content) return content;
  throw new MalformedMessage('a number where a message belongs');
}

const lengthOf = (content: Uint8Array | undefined): number => given(content).length;

const text = (content: Uint8Array | undefined): string => new TextDecoder().decode(given(content));

function natural(integer: number | undefined): number {
  if (integer !== undefined && Number.isSafeInteger(integer)) return integer;
  throw new MalformedMessage('a size that is no whole number');
}

/** Sizes that are packed into one field. */
function product(content: Uint8Array): number {
  let value = 1;
  let current = 0;
  let shift = 0;
  for (const byte of content) {
    current += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (shift > 63) throw new MalformedMessage('a number of more than 64 bits');
    if (byte >= 0x80) continue;
    value *= current;
    current = 0;
    shift = 0;
  }
  if (shift !== 0) throw new MalformedMessage('a number that the end cuts off');
  return value;
}

function entryOf(message: Uint8Array): Record<string, string> {
  const fields: Field[] = [...fieldsOf(message)];
  const of = (number: number) => fields.find((field) => field.number === number)?.bytes ?? new Uint8Array();
  return { [text(of(1))]: text(of(2)) };
}

/** Where external data lies; it may not lie outside of the file's folder. */
function locationOf(content: Uint8Array | undefined, name: string): string {
  const [key, value] = Object.entries(entryOf(given(content)))[0] as [string, string];
  if (key !== 'location') return `its ${key}`;
  const parts = value.split(/[\\/]/);
  if (!parts.includes('..') && !/^([\\/]|[A-Za-z]:)/.test(value)) return value;
  const expected = `weights of ${name} inside of its folder`;
  throw unfit(name, expected, `'${value}'`, 'do not open a file that reads others of your system');
}

function checkDomain(domain: string): void {
  if (['', 'ai.onnx', 'com.microsoft'].includes(domain)) return;
  throw new MalformedMessage(`operators of '${domain.slice(0, 60)}', which are not ONNX's`);
}

function unfit(name: string, expected: string, got: string, hint: string, cause?: unknown): UniecsError {
  return new UniecsError({ code: 'data', where: 'checkOnnx', expected, got, hint, details: { name }, cause });
}
