import * as zlib from 'node:zlib';
import { type Compressors, snappyUncompress } from 'hyparquet';

/** Largest page that is unpacked, in bytes. Writers make pages of about 1 MB, ours of a group of 2,000 rows. */
const mostPageBytes = 1 << 28;

type Unpack = (input: Uint8Array, options: zlib.ZlibOptions) => Uint8Array;

/** What pages are packed with; zstd where this Node has it. None gives more than its page announces, and that is bounded. */
export const compressors: Compressors = {
  SNAPPY: bounded((input, { maxOutputLength = 0 }) => {
    const page = new Uint8Array(maxOutputLength);
    snappyUncompress(input, page);
    return page;
  }),
  GZIP: bounded(zlib.gunzipSync),
  BROTLI: bounded(zlib.brotliDecompressSync as Unpack),
  ...('zstdDecompressSync' in zlib ? { ZSTD: bounded(zlib.zstdDecompressSync as Unpack) } : {}),
};

function bounded(unpack: Unpack) {
  return (input: Uint8Array, outputLength: number): Uint8Array => {
    if (!(outputLength <= mostPageBytes))
      throw new Error(`a page of ${outputLength} bytes, more than ${mostPageBytes}`);
    return unpack(input, { maxOutputLength: Math.max(1, outputLength) });
  };
}
