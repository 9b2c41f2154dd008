import { describe, expect, it } from 'vitest';
import type { ValueType } from './field-types.js';
import { quotedFieldColumns } from './lance-columns.js';
import { parseWhere } from './where-parser.js';
import { whereSql } from './where-sql.js';

const fields = new Map<string, Set<ValueType>>([
  ['price', new Set(['number'])],
  ['sale', new Set(['boolean'])],
  ['size', new Set(['number', 'text'])],
  ['a b.c`é', new Set(['text'])],
]);
const sql = (text: string) => whereSql(parseWhere(text), (field) => quotedFieldColumns(fields, field));

describe('whereSql', () => {
  it.each([
    ['price < 20', '`number_price` < 2e+1'],
    ['sale and not sale = false', '`boolean_sale` = 1 AND `boolean_sale` != 0'],
    ["id = 'it''s' or title = '\\\\'", "`id` = 'it''s' OR `title` = '\\'"],
    ["`a b.c``é` = 'x'", "`text_a%20b%2Ec%60%C3%A9` = 'x'"],
    ['(price < 1 or price > 2) and sale', '(`number_price` < 1e+0 OR `number_price` > 2e+0) AND `boolean_sale` = 1'],
    ['price < 1 or price > 2 and sale', '`number_price` < 1e+0 OR `number_price` > 2e+0 AND `boolean_sale` = 1'],
    [
      'not (price < 1 or price > 2 and sale)',
      '`number_price` >= 1e+0 AND (`number_price` <= 2e+0 OR `boolean_sale` != 1)',
    ],
    ['not (not price in (1, 2))', '`number_price` IN (1e+0, 2e+0)'],
    ['size is null', '`number_size` IS NULL AND `text_size` IS NULL'],
    ['size is not null and sale', '(`number_size` IS NOT NULL OR `text_size` IS NOT NULL) AND `boolean_sale` = 1'],
    ["size not in (40, 'M')", "`number_size` NOT IN (4e+1) OR `text_size` NOT IN ('M')"],
    ["size in (40, 'M') and sale", "(`number_size` IN (4e+1) OR `text_size` IN ('M')) AND `boolean_sale` = 1"],
    ['size in (40)', '`number_size` IN (4e+1)'],
  ])('writes %s', (text, expected) => {
    expect(sql(text)).toBe(expected);
  });
});
