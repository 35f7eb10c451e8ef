/** The body of an answer as it comes. */
export interface AnswerBody {
  /** Where the next bytes are best read to; `null` for a place of the reader's own. */
  readonly space: Uint8Array | null;
  /** So many bytes were read to `space`. */
  filled(length: number): void;
  /** Bytes that were read elsewhere. @throws RangeError where they do not belong to the body */
  add(bytes: Uint8Array): void;
  /** All of it; `null` while some is missing. */
  readonly whole: Uint8Array | null;
}

/** Memory for a body of so many bytes. @throws RangeError where there is none for so many */
export type Room = (length: number) => Uint8Array;

/** A body of a known length, read straight to where it belongs. */
class MeasuredBody implements AnswerBody {
  readonly #into: Uint8Array;
  #at = 0;

  constructor(length: number, room: Room) {
    this.#into = room(length).subarray(0, length);
  }

  get space(): Uint8Array {
    return this.#into.subarray(this.#at);
  }

  filled(length: number): void {
    this.#at += length;
  }

  add(bytes: Uint8Array): void {
    this.#into.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  get whole(): Uint8Array | null {
    return this.#at === this.#into.length ? this.#into : null;
  }
}

/** A body in chunks, of which each says its length. https://www.rfc-editor.org/rfc/rfc9112#section-7.1 */
class ChunkedBody implements AnswerBody {
  readonly space = null;
  readonly #room: Room;
  readonly #parts: Buffer[] = [];
  #expected: 'length' | 'bytes' | 'trailer' | 'nothing' = 'length';
  #missing = 0;
  #line = '';

  constructor(room: Room) {
    this.#room = room;
  }

  filled(): void {}

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#expected === 'nothing') throw new RangeError('bytes follow the last chunk');
      if (this.#expected === 'bytes') {
        const part = Buffer.from(bytes.subarray(at, at + this.#missing));
        this.#parts.push(part);
        at += part.length;
        this.#missing -= part.length;
        if (this.#missing === 0) this.#expected = 'length';
      } else {
        const sign = String.fromCharCode(bytes[at] ?? 0);
        at += 1;
        if (sign === '\n') this.#lineEnded();
        else this.#line += sign;
      }
    }
  }

  #lineEnded(): void {
    const text = this.#line.trim();
    this.#line = '';
    if (this.#expected === 'trailer') {
      if (text === '') this.#expected = 'nothing';
    } else if (text !== '') {
      const length = /^([0-9a-f]{1,7})(?:\s*;.*)?$/i.exec(text)?.[1];
      if (length === undefined) throw new RangeError('a chunk does not say its length');
      this.#missing = Number.parseInt(length, 16);
      this.#expected = this.#missing === 0 ? 'trailer' : 'bytes';
    }
  }

  get whole(): Uint8Array | null {
    if (this.#expected !== 'nothing') return null;
    const bytes = Buffer.concat(this.#parts);
    const into = this.#room(bytes.length).subarray(0, bytes.length);
    into.set(bytes);
    return into;
  }
}

/**
 * The body that an answer's head speaks of.
 * @throws RangeError where it does not say where the body ends
 */
export const bodyOf = (header: (name: string) => string | undefined, room: Room): AnswerBody => {
  const encoding = header('transfer-encoding')?.toLowerCase();
  if (encoding === 'chunked') return new ChunkedBody(room);
  const length = header('content-length') ?? '';
  if (encoding !== undefined || !/^\d{1,9}$/.test(length)) throw new RangeError('the body has no end');
  return new MeasuredBody(Number(length), room);
};
