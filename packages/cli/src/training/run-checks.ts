// What a run would refuse after the data are read is said before: reading may take minutes.
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { dropTerms, type LossTerm } from '@uniecs/losses';
import { type GivenSettings, modelFiles, presetLosses, trainSettings } from '@uniecs/retrieval';
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

/** A model folder to start from that lacks a file. */
export async function checkInit(folder: string): Promise<void> {
  for (const name of [modelFiles.config, modelFiles.tokenizer, modelFiles.weights]) {
    await access(join(folder, name)).catch((cause: Error) => {
      throw new UniecsError({
        code: 'file',
        where: 'train',
        expected: `a model in ${folder} to start from`,
        got: cause.message,
        hint: 'pass a folder that uniecs train wrote',
        cause,
      });
    });
  }
}
