export { writeFileAtomic } from './weights/write-file-atomic.js';
