/** A number with four digits that count: `3.142`, `12,340`, `1.5e-7`; `-` for none. */
export function shortNumber(value: number | undefined): string {
  if (value === undefined) return '-';
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(3).split('e').map(Number).join('e');
  return size >= 1000 ? wholeNumber(Math.round(value)) : String(Number(value.toPrecision(4)));
}

/** A whole number with separators, `200,000`; `-` for none. */
export function wholeNumber(value: number | undefined): string {
  return value?.toLocaleString('en-US') ?? '-';
}

/** How a chart's numbers are shown: multiplied, then with a unit behind. */
export interface Unit {
  readonly scale: number;
  readonly name: string;
}

/** Numbers as they are. */
export const plain: Unit = { scale: 1, name: '' };
/** A share of one as percent. */
export const percent: Unit = { scale: 100, name: '%' };
/** Bytes as GiB. */
export const gibibytes: Unit = { scale: 2 ** -30, name: 'GiB' };

/** A number in a unit, with its name. */
export function inUnit(value: number | undefined, { scale, name }: Unit): string {
  if (value === undefined) return '-';
  return name === '' ? shortNumber(value * scale) : `${shortNumber(value * scale)} ${name}`;
}
