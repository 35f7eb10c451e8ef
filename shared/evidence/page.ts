import { createHash } from 'node:crypto';
import { html } from './escape.ts';

interface Page {
  readonly title: string;
  readonly style: string;
  /** `null`: nothing runs. */
  readonly script: string | null;
  /** From `<body>` on, escaped, without its end. */
  readonly body: string;
}

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * One self-contained page. Nothing is loaded or sent: the one style and the one script are admitted by their hashes, over
 * the exact text of the element. https://www.w3.org/TR/CSP3/#grammardef-hash-source
 */
export const page = ({ title, style, script, body }: Page): string => {
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    ...(script === null ? [] : [`script-src ${hashOf(script)}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${html`<title>${title}</title>`}
<style>${style}</style>
</head>
${body}
${script === null ? '' : `<script>${script}</script>\n`}</body>
</html>
`;
};
