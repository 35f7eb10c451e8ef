import { KeyArn } from '#shared/signal/identifiers';

/** How a copy is made: under a key of one's own, or under none. */
export type CopyTarget =
  | { readonly open: true /** `null`: not encrypted. */; readonly keyArn: KeyArn | null }
  | { readonly open: false; readonly because: string; readonly remedy: string };

interface Consent {
  readonly allowUnencrypted: boolean;
  /** Empty for none. */
  readonly evidenceKeyArn: string;
}

/** `unknown`: it could not be asked. INVARIANT: what is not known never makes an unencrypted copy. */
export type EncryptionByDefault = 'on' | 'off' | 'unknown';

const REFUSED: Readonly<Record<EncryptionByDefault, string>> = {
  on: 'EBS encryption by default is on there, so that an unencrypted copy is impossible',
  off: 'an unencrypted copy is not allowed (`AllowUnencryptedCopy`)',
  unknown: 'whether EBS encryption by default is on there could not be asked',
};

/**
 * What the copy may be in a Region: unencrypted with consent and where the account does not encrypt by default, else
 * under the evidence key if it is of that Region. The account's own setting is never touched.
 * https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
 */
export const copyTarget = (
  { allowUnencrypted, evidenceKeyArn }: Consent,
  byDefault: EncryptionByDefault,
  region: string,
): CopyTarget => {
  if (allowUnencrypted && byDefault === 'off') return { open: true, keyArn: null };
  const key = KeyArn.safeParse(evidenceKeyArn).data ?? null;
  const because = allowUnencrypted ? REFUSED[byDefault] : REFUSED.off;
  const consent = allowUnencrypted ? '' : '`AllowUnencryptedCopy`, or ';
  const remedy = `set ${consent}\`EvidenceKeyArn\` to a customer key in ${region}`;
  if (key === null) return { open: false, because, remedy };
  if (key.split(':')[3] === region) return { open: true, keyArn: key };
  return { open: false, because: `${because}, and the evidence key is of another Region`, remedy };
};
