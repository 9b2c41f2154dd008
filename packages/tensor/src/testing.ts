export { finiteDifference } from './testing/finite-difference.js';
export { expectNoTensorLeak } from './testing/no-tensor-leak.js';
export { randomArray } from './testing/random-array.js';
export {
  type ArrayLike,
  type Closeness,
  compareArrays,
  type ToBeCloseToArray,
} from './testing/to-be-close-to-array.js';
