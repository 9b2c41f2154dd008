import { UniecsError } from '@uniecs/tensor';

const ownFrames =
  /tfjs-core|tf-core|packages[\\/]compile[\\/](dist|src(?!.*\.test\.))|@uniecs[\\/]compile|node:internal/;

/** Where in the user's code a traced op was called: the first stack frame outside of tfjs and this package. */
export function callSite(): string {
  // tfjs puts a dozen frames between an op and its kernel, more inside gradients.
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const outside = frames.find((frame) => !ownFrames.test(frame));
  return outside?.trim().replace(/^at /, '') ?? 'an unknown place';
}

/** The error for an op that the compiler cannot lower, naming it and the place of the call. */
export function unsupportedOp(op: string, why: string): UniecsError {
  const place = callSite();
  return new UniecsError({
    code: 'unsupported',
    where: 'compile',
    expected: 'ops that the compiler supports',
    got: `${op} (${why}) called at ${place}`,
    hint: 'express it with supported ops (supportedKernels lists them), or run this part eagerly',
    details: { op, callSite: place },
  });
}
