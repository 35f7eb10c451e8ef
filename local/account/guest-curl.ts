import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * As much of curl as the Linux collector asks for: a URL in a configuration on standard input, one file to upload, headers,
 * and the status code on standard output. Exits 22 for an HTTP error, as curl does with `--fail`.
 */
const following = (option: string): string[] =>
  process.argv.flatMap((word, at) => (word === option ? [process.argv[at + 1] ?? ''] : []));

const url = /url = "([^"]*)"/.exec(await text(process.stdin))?.[1] ?? '';
const [file = ''] = following('--upload-file');
const body = readFileSync(file);
const headers = Object.fromEntries(
  following('--header').map((header) => [
    header.slice(0, header.indexOf(':')),
    header.slice(header.indexOf(':') + 1).trim(),
  ]),
);

const upload = request(url, { method: 'PUT', headers: { ...headers, 'content-length': body.length } }, (response) => {
  response.resume();
  process.stdout.write(String(response.statusCode));
  process.exitCode = (response.statusCode ?? 500) >= 400 ? 22 : 0;
});
upload.on('error', () => {
  process.stdout.write('000');
  process.exitCode = 7;
});
upload.end(body);
