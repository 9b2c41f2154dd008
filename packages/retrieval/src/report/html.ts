/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Part[] | undefined;

/** A piece of HTML from a template: what is filled in is escaped unless it is HTML itself; nothing stands for undefined. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((text, i) => text + shown(parts[i])).join('') };
}

/** A number as it stands in a table: rounded for the eye, exact for a program that reads the page. */
export function numberCell(value: number, text: string): Html {
  return html`<data value="${value}">${text}</data>`;
}

/** A value as the text of a `<script type="application/json">`: no tag can be opened or closed in it. */
export function jsonBlock(value: unknown): Html {
  return { html: JSON.stringify(value).replaceAll('<', '\\u003c') };
}

function shown(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'object') return 'html' in part ? part.html : part.map(shown).join('');
  return escaped(String(part));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
