export { type FilePart, filePartOf, partAddress, readContent } from './files/file-part.js';
export {
  type FileSystem,
  makeFolder,
  nodeFileSystem,
  type OpenFile,
  syncFolder,
  writeSynced,
} from './weights/file-system.js';
export { safetensorsChunks } from './weights/safetensors.js';
export {
  type ReadFileOptions,
  readSafetensors,
  readSafetensorsHeader,
  writeSafetensors,
} from './weights/safetensors-file.js';
export { isTemporary, temporaryName, type WriteOptions, writeFileAtomic } from './weights/write-file-atomic.js';
