import { createHmac, createSecretKey, hash } from 'node:crypto';

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

/** A kind of request: the same method, and the same headers each time. */
export interface RequestForm<Header extends string> {
  readonly method: string;
  /** What is signed of the body: its SHA-256 in hexadecimal, or `UNSIGNED` where the service leaves it out. */
  readonly payload: string;
  /** By small names. */
  readonly headers: readonly Header[];
}

/** One request, without its body: path and query are encoded, and the query is in ascending order. */
export interface Signable<Header extends string> {
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<Header, string>>;
}

/** The body has no part in the signature: TLS carries it. */
export const UNSIGNED = 'UNSIGNED-PAYLOAD';
/** SHA-256 of no body. */
export const NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * Signs requests of one moment to one host with Signature Version 4, which accepts them for some minutes: what they have
 * in common is made once.
 * @returns for a form of requests: the head of one as it goes over the wire, with all of it signed
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const signing = (signer: Signer, host: string, now: Date) => {
  const { accessKeyId, secretAccessKey, sessionToken, region, service } = signer;
  const at = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = [at.slice(0, 8), region, service, 'aws4_request'];
  const key = createSecretKey(Buffer.from(scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)));
  const place = scope.join('/');
  const own: Readonly<Record<string, string>> = {
    host,
    'x-amz-date': at,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };

  return <Header extends string>({ method, payload, headers: given }: RequestForm<Header>) => {
    const fixed = Object.entries({ ...own, 'x-amz-content-sha256': payload }).map(([name, value]) => ({ name, value }));
    const lines = [...given.map((name) => ({ name, value: null })), ...fixed].sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    const signedNames = lines.map(({ name }) => name).join(';');
    const credential = `Credential=${accessKeyId}/${place}, SignedHeaders=${signedNames}`;

    return ({ path, query, headers }: Signable<Header>): string => {
      let canonical = `${method}\n${path}\n${query}\n`;
      let head = `${method} ${path}${query === '' ? '' : '?'}${query} HTTP/1.1\r\n`;
      for (const { name, value } of lines) {
        const line = `${name}:${value ?? headers[name]}`;
        canonical += `${line}\n`;
        head += `${line}\r\n`;
      }
      canonical += `\n${signedNames}\n${payload}`;
      const toSign = `AWS4-HMAC-SHA256\n${at}\n${place}\n${hash('sha256', canonical)}`;
      const signature = createHmac('sha256', key).update(toSign).digest('hex');
      return `${head}authorization:AWS4-HMAC-SHA256 ${credential}, Signature=${signature}\r\n\r\n`;
    };
  };
};
