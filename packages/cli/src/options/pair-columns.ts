import { type PairColumns, pairFields } from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { z } from 'zod';
import { suggestion } from '../config/nearest-name.js';
import { readYaml } from '../config/read-yaml.js';

const columnsSchema = z
  .strictObject(Object.fromEntries(pairFields.map((field) => [field, z.string().min(1)])))
  .partial() as unknown as z.ZodType<PairColumns>;

/**
 * The columns that `--columns` names: `item_id_1=query_id,item_title_1=query` or a YAML file of the same.
 *
 * @throws UniecsError `argument` for an unknown field or one that stands there twice; as `readYaml` for a file
 */
export async function pairColumns(text: string): Promise<PairColumns> {
  if (/\.ya?ml$/i.test(text)) return readYaml(text, { what: 'columns', schema: columnsSchema });
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const [field, column] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (at < 0 || column === '')
      throw wrong('FIELD=COLUMN with commas between', `'${part}'`, `fields: ${pairFields.join(', ')}`);
    const known = pairFields.some((one) => one === field);
    if (!known) throw wrong('a field of a pair file', `'${field}'`, suggestion(field, pairFields));
    if (found.has(field)) throw wrong('each field once', `${field} twice`, 'name one column for it');
    found.set(field, column);
  }
  return Object.fromEntries(found);
}

function wrong(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'argument', where: '--columns', expected, got, hint });
}
