import { isAbsolute, normalize, resolve, sep, win32 } from 'node:path';
import { withImages } from '../images-of.js';
import type { Item } from '../items.js';
import type { ItemSide, Pictures } from './data-lines.js';
import { repeatedKey } from './repeated-key.js';

/** A value that a reader could make sense of, or every reason why not. */
export type Parsed<T> = { readonly value: T } | { readonly reasons: readonly string[] };

/** The object that a line of JSON holds. */
export function parseObject(text: string): Parsed<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reasons: [`line is no JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { reasons: [`line must be a JSON object, is ${describe(value)}`] };
  }
  const repeated = repeatedKey(text);
  if (repeated !== undefined) return { reasons: [`field ${quote(repeated)} is there twice`] };
  return { value: value as Record<string, unknown> };
}

/** Most pictures of an item. */
const mostImages = 64;

/** Which keys of a line hold a product. */
export interface ItemKeys {
  readonly id: string;
  readonly title: string;
  readonly image: string;
  readonly side: ItemSide;
}

/**
 * The product that some fields of a line describe. `id`: text, or a whole number, which is read as its digits. `title` and `image`
 * (a name that `pictures` knows): text; absent, `null` or blank means that the product lacks that modality, and it may lack one. `image`
 * may be a list of 1 to 64 paths.
 */
export function parseItem(fields: Record<string, unknown>, keys: ItemKeys, pictures: Pictures): Parsed<Item> {
  const reasons: string[] = [];
  const id = readId(fields, keys.id, reasons);
  const title = readText(fields, keys.title, reasons);
  const paths = readImages(fields, keys.image, reasons);
  const beside = Object.hasOwn(fields, keys.image) ? [] : pictures.beside(keys.side);
  if (reasons.length === 0 && title === undefined && paths.length + beside.length === 0) {
    reasons.push(`item has neither ${keys.title} nor ${keys.image}`);
  }
  if (beside.length > mostImages) reasons.push(`item has ${beside.length} pictures, more than ${mostImages}`);
  const named = paths.map((path) => {
    const image = pictures.resolve(path);
    if (image === undefined) reasons.push(`${keys.image} ${pictures.outside}: ${quote(path)}`);
    return image ?? path;
  });
  const images = [...named, ...beside];
  const twice = images.find((image, i) => images.indexOf(image) < i);
  if (twice !== undefined) reasons.push(`${keys.image} names a picture twice: ${quote(twice)}`);
  if (reasons.length > 0 || id === undefined) return { reasons };
  return { value: withImages({ id, ...(title === undefined ? {} : { title }) }, images) };
}

/** A field's kind in words, for a reason. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `${typeof value === 'string' ? 'text' : typeof value} ${quote(value)}`;
}

/** A value as JSON, cut to a length that fits a message. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function readId(fields: Record<string, unknown>, key: string, reasons: string[]): string | undefined {
  if (!Object.hasOwn(fields, key)) {
    reasons.push(`field ${key} is missing`);
    return undefined;
  }
  const value = fields[key];
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (Number.isSafeInteger(value)) return String(value);
  reasons.push(`${key} must be text that is not blank, or a whole number, is ${describe(value)}`);
  return undefined;
}

function readText(fields: Record<string, unknown>, key: string, reasons: string[]): string | undefined {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    reasons.push(`${key} must be text, is ${describe(value)}`);
    return undefined;
  }
  return value.trim() === '' ? undefined : value;
}

/** The paths of a field that holds one, a list of them or nothing. */
function readImages(fields: Record<string, unknown>, key: string, reasons: string[]): string[] {
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (!Array.isArray(value)) return [readText(fields, key, reasons) ?? []].flat();
  if (value.length < 1 || value.length > mostImages) {
    reasons.push(`${key} must be a path or a list of 1 to ${mostImages} paths, is a list of ${value.length}`);
    return [];
  }
  for (const [i, path] of value.entries()) {
    if (typeof path === 'string' && path.trim() !== '') continue;
    reasons.push(`${key}[${i}] must be text that is not blank, is ${describe(path)}`);
    return [];
  }
  return value;
}

/** The absolute path, or undefined where it is absolute already (on any system), leaves the folder, or holds a NUL. */
export function imagePath(path: string, directory: string): string | undefined {
  if (isAbsolute(path) || win32.isAbsolute(path) || /^[A-Za-z]:/.test(path) || path.includes('\0')) return undefined;
  const inside = normalize(path);
  if (inside === '..' || inside.startsWith(`..${sep}`)) return undefined;
  return resolve(directory, inside);
}
