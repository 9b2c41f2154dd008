import { decodeFloat16, UniecsError } from '@uniecs/tensor';

/** What stands before the numbers of an npy file. */
export interface NpyHeader {
  readonly dtype: NpyDtype;
  readonly rows: number;
  readonly columns: number;
  /** Column-major, as Fortran and transposed arrays are. */
  readonly fortranOrder: boolean;
  /** Byte at which the numbers begin. */
  readonly begin: number;
}

/** Little-endian floats, as numpy spells them. */
export type NpyDtype = '<f2' | '<f4' | '<f8';

const bytesOf: Readonly<Record<NpyDtype, number>> = { '<f2': 2, '<f4': 4, '<f8': 8 };
/** Longest header that is looked for; that of a matrix has 118 bytes. */
export const npyHeadBytes = 1 << 16;
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Parses the first bytes of an npy file (format 1.0 to 3.0) that holds a matrix of floats, against the file's size.
 *
 * @throws UniecsError `file` where it is no npy file or not as long as it says, `unsupported` for another dtype, `shape` for what is no
 * matrix
 */
export function parseNpyHeader(head: Uint8Array, fileBytes: number, path: string): NpyHeader {
  const fault = (code: 'file' | 'unsupported' | 'shape', expected: string, got: string, hint: string) =>
    new UniecsError({ code, where: 'readEmbeddings', expected: `${path} ${expected}`, got, hint, details: { path } });
  const damaged = (got: string) => fault('file', 'to be a whole npy file', got, 'write it anew with numpy.save');
  if (!magic.every((byte, i) => head[i] === byte)) throw damaged('another beginning than \\x93NUMPY');
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const long = (head[6] ?? 0) >= 2;
  const start = long ? 12 : 10;
  if (head.length < start) throw damaged('an end in the midst of the header');
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const begin = start + length;
  if (begin > head.length) throw damaged(`${fileBytes} bytes and a header of ${length}`);
  const text = new TextDecoder('latin1').decode(head.subarray(start, begin));
  const descr = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (order === undefined || sizes === undefined) throw damaged('a header without descr, fortran_order and shape');
  if (descr === undefined || !Object.hasOwn(bytesOf, descr)) {
    const got = descr ?? 'a structured dtype';
    throw fault('unsupported', `in one of ${Object.keys(bytesOf).join(', ')}`, got, "save it .astype('<f4')");
  }
  const shape = sizes.split(',').flatMap((size) => (size.trim() === '' ? [] : [Number(size)]));
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined || columns < 1) {
    throw fault('shape', 'to hold a matrix [N, D]', `[${shape.join(', ')}]`, 'save one row for each item');
  }
  const dtype = descr as NpyDtype;
  const expected = begin + rows * columns * bytesOf[dtype];
  if (expected !== fileBytes) {
    throw damaged(`${fileBytes} bytes instead of the ${expected} of ${dtype} [${rows}, ${columns}]`);
  }
  return { dtype, rows, columns, fortranOrder: order === 'True', begin };
}

/** The numbers of an npy file as row-major float32 `[N, D]`; `bytes` is all that follows the header, and starts its own buffer. */
export function npyMatrix(
  { dtype, rows, columns, fortranOrder }: NpyHeader,
  bytes: Uint8Array<ArrayBuffer>,
): Float32Array {
  const { buffer } = bytes;
  const values =
    dtype === '<f2'
      ? decodeFloat16(new Uint16Array(buffer))
      : dtype === '<f4'
        ? new Float32Array(buffer)
        : Float32Array.from(new Float64Array(buffer));
  if (!fortranOrder) return values;
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[row * columns + column] = values[column * rows + row] as number;
  }
  return out;
}
