import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { checkpointError } from './checkpoint-error.js';

/** The files of a checkpoint. None is read that lies elsewhere. */
export interface CheckpointFolder {
  /** As it was given. */
  readonly path: string;
  /**
   * The real path of a file of the folder, or undefined where there is none.
   *
   * @throws UniecsError `data` for a name that is a path, or a link that leads out of the folder
   */
  find(name: string): Promise<string | undefined>;
  /**
   * The content of a text file of the folder, or undefined where there is none.
   *
   * @throws UniecsError `file` where it cannot be read or has more than `maxBytes`; `data` as `find`
   */
  text(name: string, maxBytes: number): Promise<string | undefined>;
  /**
   * The object in a JSON file of the folder, or undefined where there is none.
   *
   * @throws UniecsError as `text`; `file` where it is no JSON object
   */
  json(name: string, maxBytes?: number): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * The object in the `config.json` of a checkpoint.
 *
 * @throws UniecsError `file` where there is none; as `CheckpointFolder.json`
 */
export async function requireConfig(folder: CheckpointFolder): Promise<Readonly<Record<string, unknown>>> {
  const config = await folder.json('config.json');
  if (config) return config;
  const file = join(folder.path, 'config.json');
  throw checkpointError('file', file, {
    expected: `the configuration ${file}`,
    got: 'no such file',
    hint: 'put the config.json of the checkpoint beside its weights',
  });
}

const megabyte = 1e6;

/**
 * Opens the folder of a checkpoint. Links within it are followed, and from a snapshot of Hugging Face's cache
 * (`snapshots/<revision>`) those into its `blobs`; any other link out of the folder is refused.
 *
 * @throws UniecsError `file` where it is no folder
 */
export async function checkpointFolder(path: string): Promise<CheckpointFolder> {
  const root = await realFolder(path);
  const allowed = [root, ...blobsOf(root)];

  async function find(name: string): Promise<string | undefined> {
    checkName(path, name);
    let real: string;
    try {
      real = await realpath(join(root, name));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw unreadable(join(path, name), cause);
    }
    if (allowed.some((folder) => isInside(folder, real))) return real;
    throw checkpointError('data', join(path, name), {
      expected: `${join(path, name)} to lie in its folder`,
      got: 'a link out of it',
      hint: 'put the file itself there',
    });
  }

  async function text(name: string, maxBytes: number): Promise<string | undefined> {
    const real = await find(name);
    if (real === undefined) return undefined;
    const shown = join(path, name);
    const found = await stat(real).catch((cause: unknown) => {
      throw unreadable(shown, cause);
    });
    if (!found.isFile() || found.size > maxBytes) {
      throw checkpointError('file', shown, {
        expected: `${shown} to be a file of at most ${maxBytes / megabyte} MB`,
        got: found.isFile() ? `${found.size} bytes` : 'something else',
        hint: 'download it again',
      });
    }
    return readFile(real, 'utf8').catch((cause: unknown) => {
      throw unreadable(shown, cause);
    });
  }

  async function json(name: string, maxBytes = megabyte): Promise<Readonly<Record<string, unknown>> | undefined> {
    const content = await text(name, maxBytes);
    if (content === undefined) return undefined;
    const shown = join(path, name);
    const fault = (got: string, cause?: unknown) =>
      checkpointError('file', shown, {
        expected: `${shown} to hold a JSON object`,
        got,
        hint: 'it is truncated or of another kind: download it again',
        cause,
      });
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (cause) {
      throw fault(cause instanceof Error ? cause.message : String(cause), cause);
    }
    if (!isRecord(value)) throw fault(Array.isArray(value) ? 'a list' : `${value === null ? 'null' : typeof value}`);
    return value;
  }

  return { path, find, text, json };
}

/** Whether a value of a JSON file is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function realFolder(path: string): Promise<string> {
  const fault = (got: string, cause?: unknown) =>
    checkpointError('file', path, {
      expected: `a folder at ${path}`,
      got,
      hint: 'pass the folder with config.json and the weights',
      cause,
    });
  try {
    const root = await realpath(path);
    if ((await stat(root)).isDirectory()) return root;
  } catch (cause) {
    throw fault(cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw fault('a file');
}

/** Where the files of a snapshot in Hugging Face's cache really are: `<repository>/blobs`. */
function blobsOf(root: string): string[] {
  const snapshots = dirname(root);
  return basename(snapshots) === 'snapshots' ? [join(dirname(snapshots), 'blobs')] : [];
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !/^(\/|[a-z]:)/i.test(way);
}

function checkName(path: string, name: string): void {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name)) return;
  throw checkpointError('data', path, {
    expected: `names of files in ${path} itself`,
    got: JSON.stringify(name),
    hint: 'the file that names it is damaged or hostile: download the checkpoint again from where you trust it',
    details: { name },
  });
}

function unreadable(path: string, cause: unknown) {
  return checkpointError('file', path, {
    expected: `to read ${path}`,
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'check the path and its permissions',
    cause,
  });
}
