export { readSafetensors, writeSafetensors } from './weights/safetensors-file.js';
export { writeFileAtomic } from './weights/write-file-atomic.js';
