import { createHash } from 'node:crypto';
import { type Html, html } from './html.js';

/** A page that needs nothing else. */
export interface DocumentContent {
  readonly title: string;
  readonly style: string;
  readonly script?: string;
  readonly body: Html;
  /** Whether the page shows pictures that stand in it as `data:` addresses; default false. */
  readonly pictures?: boolean;
}

/**
 * An HTML page that needs nothing else: style and script stand in it, and its Content-Security-Policy allows those two, by their hashes,
 * and no connection to anywhere.
 */
export function htmlDocument({ title, style, script, body, pictures = false }: DocumentContent): string {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(style)}'`,
    ...(script === undefined ? [] : [`script-src '${hashOf(script)}'`]),
    ...(pictures ? ['img-src data:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
${body}
${
  script === undefined
    ? undefined
    : html`<script>${raw(script)}</script>
`
}</body>
</html>
`.html;
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Text of our own that is CSS or a script already. */
function raw(text: string): Html {
  return { html: text };
}
