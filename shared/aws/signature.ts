import { createHmac, hash } from 'node:crypto';

export interface Signer {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  readonly service: string;
}

/** A request without its body: paths and queries are encoded, names of headers are small. */
export interface Signable {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Encoded, in ascending order of its names; empty for none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The body is left out of the signature: it is over TLS, and EBS compares it with the checksum that is signed. */
const UNSIGNED = 'UNSIGNED-PAYLOAD';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

let kept: { readonly of: string; readonly key: Buffer } | undefined;

/** Good for a day: derived anew where the day, the place or the secret changes. */
const keyOf = ({ secretAccessKey, region, service }: Signer, day: string): Buffer => {
  const of = `${secretAccessKey} ${day} ${region} ${service}`;
  if (kept?.of !== of) {
    const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
    kept = { of, key: Buffer.from(key) };
  }
  return kept.key;
};

/**
 * A request's headers with what Signature Version 4 adds to them; its body is not signed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export const signed = (request: Signable, signer: Signer, now: Date): Record<string, string> => {
  const at = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = at.slice(0, 8);
  const headers: Record<string, string> = {
    ...request.headers,
    host: request.host,
    'x-amz-content-sha256': UNSIGNED,
    'x-amz-date': at,
  };
  if (signer.sessionToken !== undefined) headers['x-amz-security-token'] = signer.sessionToken;
  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  const signedNames = names.join(';');
  const canonical = `${request.method}\n${request.path}\n${request.query}\n${lines}\n${signedNames}\n${UNSIGNED}`;
  const scope = `${day}/${signer.region}/${signer.service}/aws4_request`;
  const signature = hmac(keyOf(signer, day), `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hash('sha256', canonical)}`);
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${signer.accessKeyId}/${scope}, SignedHeaders=${signedNames}, Signature=${signature.toString('hex')}`;
  return headers;
};
