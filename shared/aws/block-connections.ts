import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { type AnswerBody, bodyOf } from './answer-body.ts';

/** A request for a block, or with one. */
export interface BlockRequest {
  /** With the empty line at its end. */
  readonly head: string;
  readonly body: Uint8Array | null;
  /** Memory for the block that comes, asked when it is there; `null` where none is expected. */
  readonly room: (() => Uint8Array) | null;
}

export interface BlockAnswer {
  readonly status: number;
  /** By its small name. */
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
}

/** More than the head of an answer has; with it comes as much of the body as fits. */
const HEAD_BYTES = 16_384;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** More than EBS says where it does not send a block. */
const WORDS_BYTES = 65_536;
/** Without a byte in either direction. */
const SILENT_MILLISECONDS = 30_000;

/** A connection that broke: its code is one of those after which a call is repeated. */
const broken = (message: string, code = 'ECONNRESET'): Error => Object.assign(new Error(message), { code });

type Head = Pick<BlockAnswer, 'status' | 'header'>;

/** Few of an answer's headers are of interest: they are looked up when they are. */
const headOf = (text: string): Head => {
  const small = text.toLowerCase();
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0),
    header(name) {
      const at = small.indexOf(`\r\n${name}:`);
      if (at === -1) return undefined;
      const end = text.indexOf('\r\n', at + 2);
      return text.slice(at + name.length + 3, end === -1 ? undefined : end).trim();
    },
  };
};

interface Exchange {
  readonly request: BlockRequest;
  /** `null` until its head is here. */
  answer: { readonly head: Head; readonly body: AnswerBody } | null;
  readonly resolve: (answer: BlockAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One connection, with one request on its way at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #scratch = Buffer.allocUnsafeSlow(HEAD_BYTES);
  /** Bytes of a head that has not ended. */
  #held = 0;
  /** Whether the socket reads to `#scratch`. */
  #elsewhere = true;
  #exchange: Exchange | null = null;

  constructor(origin: URL, silentMilliseconds: number) {
    const host = origin.hostname;
    // The socket reads to where the bytes belong: a block is neither allocated nor copied on its way.
    const onread = { buffer: () => this.#space(), callback: (length: number) => this.#read(length) };
    const secure = { host, port: Number(origin.port || 443), servername: host, ALPNProtocols: ['http/1.1'], onread };
    this.#socket =
      origin.protocol === 'https:'
        ? connectSecure(secure)
        : connectPlain({ host, port: Number(origin.port || 80), onread });
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(silentMilliseconds, () => this.#fail(broken('the connection was silent', 'ETIMEDOUT')));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('end', () => this.#fail(broken('the connection was ended by the other side')));
    this.#socket.on('close', () => this.#fail(broken('the connection was closed')));
  }

  /** Whether another request may follow. */
  get open(): boolean {
    return this.#exchange === null && !this.#socket.destroyed;
  }

  send(request: BlockRequest): Promise<BlockAnswer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { request, answer: null, resolve, reject };
      this.#socket.ref();
      if (request.body !== null) this.#socket.cork();
      this.#socket.write(request.head, 'latin1');
      if (request.body === null) return;
      this.#socket.write(request.body);
      this.#socket.uncork();
    });
  }

  #space(): Uint8Array {
    const space = this.#exchange?.answer?.body.space ?? null;
    this.#elsewhere = space === null;
    return space ?? this.#scratch.subarray(this.#held);
  }

  #read(length: number): boolean {
    const exchange = this.#exchange;
    try {
      if (exchange === null) throw new RangeError('an answer came that nobody asked for');
      if (exchange.answer === null) this.#headRead(exchange, this.#held + length);
      else if (this.#elsewhere) exchange.answer.body.add(this.#scratch.subarray(this.#held, this.#held + length));
      else exchange.answer.body.filled(length);
      this.#endIfWhole(exchange);
    } catch (error) {
      this.#fail(broken(error instanceof Error ? error.message : 'the answer could not be read'));
    }
    return true;
  }

  #headRead(exchange: Exchange, held: number): void {
    const end = this.#scratch.subarray(0, held).indexOf(END_OF_HEAD);
    this.#held = held;
    if (end === -1 && held < HEAD_BYTES) return;
    const head = headOf(this.#scratch.toString('latin1', 0, Math.max(0, end)));
    const rest = this.#scratch.subarray(end + END_OF_HEAD.length, held);
    if (end === -1 || head.status === 0) throw new RangeError('the answer has no head');
    if (head.status === 100) {
      this.#headRead(exchange, rest.copy(this.#scratch));
      return;
    }
    this.#held = 0;
    const { room } = exchange.request;
    const body = bodyOf(head.header, (length) => {
      const into = room === null || head.status >= 300 ? new Uint8Array(Math.min(length, WORDS_BYTES)) : room();
      if (length > into.length) throw new RangeError(`a body of ${length} bytes came`);
      return into;
    });
    exchange.answer = { head, body };
    body.add(rest);
  }

  #endIfWhole({ answer, resolve }: Exchange): void {
    const whole = answer?.body.whole ?? null;
    if (answer === null || whole === null) return;
    const { status, header } = answer.head;
    this.#exchange = null;
    this.#socket.unref();
    // An answer before the request was sent whole leaves a rest on the way: nothing may follow it.
    if (header('connection')?.toLowerCase() === 'close' || this.#socket.writableLength > 0) this.#socket.destroy();
    resolve({ status, header, body: whole });
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#socket.destroy();
    exchange?.reject(error);
  }
}

/** Connections to a place, kept open from one request to the next: as many as there are requests at once. */
export const connectionsTo = (origin: URL, silentMilliseconds = SILENT_MILLISECONDS) => {
  const idle: Connection[] = [];
  return async (request: BlockRequest): Promise<BlockAnswer> => {
    let connection = idle.pop();
    while (connection?.open === false) connection = idle.pop();
    connection ??= new Connection(origin, silentMilliseconds);
    const answer = await connection.send(request);
    if (connection.open) idle.push(connection);
    return answer;
  };
};
