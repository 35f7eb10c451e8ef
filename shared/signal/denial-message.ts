import { type KeyArn, keyArnIn } from './identifiers.ts';
import type { Layer } from './signal.ts';

/** What the text of a refusal tells; `null` for what it leaves open. */
export interface DenialMessage {
  readonly principal: string | null;
  readonly action: string | null;
  readonly keyArn: KeyArn | null;
  readonly layer: Layer | null;
  readonly explicit: boolean;
  readonly policyArn: string | null;
}

/** Longer texts are cut: the grammar stands at the beginning, and the end may be a 200 KB authorization blob. */
const READ_CHARACTERS = 8_192;

/**
 * The policy types that AWS names, and the layer each one is.
 * A role's trust policy decides who may assume the role: it is no layer of a KMS request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
const LAYERS: readonly (readonly [RegExp, Layer | null])[] = [
  [/^(?:an )?identity-based polic/, 'identity-policy'],
  [/^(?:a )?resource-based polic/, 'key-policy'],
  [/^(?:a )?permissions boundar/, 'permissions-boundary'],
  [/^(?:a )?sessions? polic/, 'session-policy'],
  [/^(?:a )?service control polic/, 'service-control-policy'],
  [/^(?:a )?resource control polic/, 'resource-control-policy'],
  [/^(?:a )?VPC endpoint polic/, 'vpc-endpoint-policy'],
  [/^(?:the )?role trust polic/, null],
];

const layerOf = (words: string): Layer | null => LAYERS.find(([pattern]) => pattern.test(words))?.[1] ?? null;

const NOT_AUTHORIZED = /(?:User: (\S{1,2048}) )?is not authorized to perform: ([a-z0-9-]{1,64}:[A-Za-z]{1,64})/;
const SILENT = /because no ([A-Za-z -]{4,40}?) allows? the /;
const EXPLICIT = /with an explicit deny in ([A-Za-z -]{4,40}?polic(?:y|ies)|a permissions boundary)/;
const OPAQUE = /because the resource does not exist in this Region, no resource-based policies allow access/;

/** AWS may add the policy's ARN behind the type, and a link behind that; the sentence's full stop is not the ARN's. */
const POLICY_ARN =
  /polic(?:y|ies)(?: transitively through a service control policy)?: (arn:aws[^\s]{1,512}?)\.?(?:\s|$)/;
const BOUNDARY_ARN = /permissions boundary: (arn:aws[^\s]{1,512}?)\.?(?:\s|$)/;

/** The clauses after the base sentence; the first that matches decides. */
const clause = (text: string): Pick<DenialMessage, 'layer' | 'explicit'> => {
  if (OPAQUE.test(text)) return { layer: null, explicit: false };
  const explicit = EXPLICIT.exec(text)?.[1];
  if (explicit !== undefined) return { layer: layerOf(explicit), explicit: true };
  const silent = SILENT.exec(text)?.[1];
  if (silent !== undefined) return { layer: layerOf(silent), explicit: false };
  return { layer: null, explicit: false };
};

/**
 * Sentences about the key itself, and EC2's own words for a refusal by KMS. The action is what breaks the path so, or
 * `null` where the words do not tell: `CustomerKeyHasBeenRevoked` reads alike for a disabled key and a missing grant.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-cloud-watch-events.html
 */
const SENTENCES: readonly { readonly says: RegExp; readonly layer: Layer | null; readonly action: string | null }[] = [
  {
    says: /arn:aws\S{1,256} is (?:disabled|pending deletion|pending import|unavailable)\b/,
    layer: 'key-state',
    action: null,
  },
  { says: /^Key '[^']{1,256}' does not exist/, layer: 'key-state', action: null },
  { says: /^Alias \S{1,512} is not found/, layer: 'key-state', action: null },
  { says: /^The specified keyId \S{1,512} is (?:disabled|invalid)/, layer: 'key-state', action: null },
  { says: /The ciphertext refers to a customer master key that does not exist/, layer: null, action: null },
  { says: /^Not authorized to use key \S/, layer: null, action: 'kms:DescribeKey' },
  {
    says: /^Encrypted snapshots with EBS default key cannot be shared/,
    layer: 'key-policy',
    action: 'ec2:ModifySnapshotAttribute',
  },
  { says: /encrypted volume was unable to access the KMS key/, layer: null, action: null },
  { says: /^(?:Given key ID is not accessible|Client\.InvalidKMSKey\.InvalidState)/, layer: null, action: null },
];

/** The first multi-Region key of an account needs a role that is linked to KMS, and the permission to create it. */
const LINKED_TO_KMS = /on resource: arn:aws[a-z-]*:iam::\d{12}:role\/aws-service-role\/(?:mrk\.)?kms\.amazonaws\.com\//;
const isOfKms = (action: string, text: string): boolean =>
  action.startsWith('kms:') || (action === 'iam:CreateServiceLinkedRole' && LINKED_TO_KMS.test(text));

/**
 * Reads a refusal by KMS out of AWS's words.
 * @returns `null` where the text does not speak of a refusal by KMS.
 * @example
 * readDenialMessage('User: arn:… is not authorized to perform: kms:CreateGrant on this resource because no identity-based policy allows the kms:CreateGrant action')
 * // { action: 'kms:CreateGrant', layer: 'identity-policy', explicit: false, keyArn: null, … }
 */
export const readDenialMessage = (message: string): DenialMessage | null => {
  const text = message.slice(0, READ_CHARACTERS);
  const base = NOT_AUTHORIZED.exec(text);
  const keyArn = keyArnIn(text);
  if (base?.[2] !== undefined && isOfKms(base[2], text)) {
    const policyArn = POLICY_ARN.exec(text)?.[1] ?? BOUNDARY_ARN.exec(text)?.[1] ?? null;
    return { principal: base[1] ?? null, action: base[2], keyArn, policyArn, ...clause(text) };
  }
  const sentence = SENTENCES.find(({ says }) => says.test(text));
  if (sentence === undefined) return null;
  const { layer, action } = sentence;
  return { principal: null, action, keyArn, layer, explicit: false, policyArn: null };
};
