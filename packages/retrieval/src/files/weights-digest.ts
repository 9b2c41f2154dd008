import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from './file-error.js';
import { modelFiles } from './model-folder.js';

/**
 * SHA-256 of a model folder's weights file.
 *
 * @param where names the caller in the error
 * @throws UniecsError `file` where there is none
 */
export async function weightsDigest(folder: string, where: string): Promise<string> {
  const path = join(folder, modelFiles.weights);
  const content = await readFile(path).catch((cause: Error) => {
    throw fileError({ where, action: 'to read', path, hint: 'pass a model folder that uniecs train wrote', cause });
  });
  return createHash('sha256').update(content).digest('hex');
}
