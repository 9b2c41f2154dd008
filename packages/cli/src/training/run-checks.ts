// What a run would refuse after the data are read is said before: reading may take minutes.
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dropTerms, type LossTerm } from '@uniecs/losses';
import { type GivenSettings, listCheckpoints, modelFiles, presetLosses, trainSettings } from '@uniecs/retrieval';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { suggestion } from '../config/nearest-name.js';

/** A wrong name in `drop` or among the weights, a term of the user's that has a name already, or settings out of range. */
export function checkTerms(given: GivenSettings, added: readonly LossTerm[]): void {
  const settings = trainSettings(given);
  const preset = presetLosses(settings);
  for (const { name } of added) {
    if (!preset.some((term) => term.name === name)) continue;
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: 'a loss term with a name of its own',
      got: `'${name}', which is one of ${preset.map((term) => term.name).join(', ')}`,
      hint: 'rename the term',
    });
  }
  const names = [...preset, ...added].map(({ name }) => name);
  const unknown = Object.keys(settings.weighting.weights ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: `weights of the terms ${names.join(', ')}`,
      got: `one of '${unknown}'`,
      hint: suggestion(unknown, names),
    });
  }
  dropTerms([...preset, ...added], settings.drop);
  for (const { module } of preset) if (module) disposeModule(module);
}

/** A folder that is taken by something else, or has nothing to resume from. */
export async function checkOut(out: string, resume: boolean): Promise<void> {
  const present = await readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw fault(`a folder to write to, ${out}`, cause.message, 'choose another --out', cause);
  });
  const held = (await listCheckpoints(join(out, 'checkpoints'))).length > 0;
  if (resume && !held) {
    const hint = 'leave --resume out to start a run there, or name the folder of an interrupted one';
    throw fault(`a checkpoint to resume from in ${out}`, 'none', hint);
  }
  if (!resume && present.length > 0) {
    const hint = held ? 'pass --resume to go on with that run, or choose another --out' : 'choose another --out';
    throw fault(`${out} to be new or empty`, `a folder that holds ${present.slice(0, 3).join(', ')}`, hint);
  }
}

/** A model folder to start from that lacks a file. */
export async function checkInit(folder: string): Promise<void> {
  for (const name of [modelFiles.config, modelFiles.tokenizer, modelFiles.weights]) {
    await access(join(folder, name)).catch((cause: Error) => {
      throw fault(`a model in ${folder} to start from`, cause.message, 'pass a folder that uniecs train wrote', cause);
    });
  }
}

function fault(expected: string, got: string, hint: string, cause?: unknown): UniecsError {
  return new UniecsError({ code: 'file', where: 'train', expected, got, hint, cause });
}
