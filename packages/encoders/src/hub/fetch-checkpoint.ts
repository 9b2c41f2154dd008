import { join } from 'node:path';
import { makeFolder } from '@uniecs/tensor/node';
import { downloadFile } from './download-file.js';
import { hubError } from './hub-error.js';
import { listFiles } from './hub-files.js';
import { defaultHubEndpoint, hubSource } from './hub-source.js';

/** How a checkpoint is fetched. */
export interface FetchCheckpointOptions {
  /** Folder that keeps checkpoints, each in `owner--name/COMMIT`. */
  readonly folder: string;
  /** Default `defaultHubEndpoint`. */
  readonly endpoint?: string | undefined;
  /** Of a user, for repositories that are not open to all. */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Is told the bytes of all files that are there. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Fetches the files of a repository that an import reads (configuration, preprocessing, tokenizer, safetensors), and nothing else. Files that
 * were fetched before are not fetched again; one that was interrupted goes on where it stopped. Each is checked against the checksum that the
 * repository lists before it gets its name.
 *
 * @param source `hf:owner/name[@revision]`
 * @returns the folder of the checkpoint, for `pretrainedVision` and `pretrainedText`
 * @throws UniecsError `argument` for another source or endpoint; `file` for a repository that is not there or not open; `unsupported` for
 *   pickles; `data` for a wrong checksum, with the file removed; `unavailable` where the connection fails; `interrupted`
 */
export async function fetchCheckpoint(source: string, options: FetchCheckpointOptions): Promise<string> {
  const from = hubSource(source);
  const { token, signal, onProgress } = options;
  const access = { endpoint: checkedEndpoint(options.endpoint ?? defaultHubEndpoint), token, signal };
  const { commit, files } = await listFiles(from, access);
  const folder = join(options.folder, from.repository.replace('/', '--'), commit);
  await makeFolder(folder);
  const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  let before = 0;
  for (const file of files.values()) {
    const path = `/${from.repository}/resolve/${commit}/${file.name}`;
    const onBytes = (done: number) => onProgress?.(before + done, total);
    await downloadFile({ access, path, file, to: join(folder, file.name), onBytes });
    before += file.size;
  }
  return folder;
}

function checkedEndpoint(endpoint: string): string {
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) return endpoint.replace(/\/+$/, '');
  throw hubError({
    code: 'argument',
    expected: 'an endpoint that is an http or https address',
    got: `'${endpoint}'`,
    hint: 'correct HF_ENDPOINT, or leave it out',
  });
}
