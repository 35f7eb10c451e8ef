import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

/** A request for a block, or with one. */
export interface BlockRequest {
  readonly method: 'GET' | 'PUT';
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** Where the answer's body goes. What does not fit is not read, and the request fails. */
  readonly into: Uint8Array;
}

export interface BlockAnswer {
  readonly status: number;
  /** By small names. */
  readonly headers: ReadonlyMap<string, string>;
  /** A view into what the request gave for it. */
  readonly body: Uint8Array;
}

/** More than the head of an answer has. */
const HEAD_BYTES = 16_384;
/** Without a byte in either direction. */
const SILENT_MILLISECONDS = 30_000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

const failure = (name: string, message: string): Error => Object.assign(new Error(message), { name, code: name });

const parsedHead = (head: string): { status: number; headers: Map<string, string> } => {
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(first.slice(9, 12)), headers };
};

interface Exchange {
  readonly request: BlockRequest;
  readonly resolve: (answer: BlockAnswer) => void;
  readonly reject: (error: Error) => void;
}
