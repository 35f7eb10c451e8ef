import type { KeyReading } from '#shared/case/case';
import type { Denial, Layer } from '#shared/signal/signal';
import type { Cause, Diagnosis } from './diagnosis.ts';

type PolicyLayer = Exclude<Layer, 'key-state' | 'grant'>;

interface Words {
  readonly silent: string;
  readonly deny: string;
}

/** What each layer's silence and denial mean, for the person who has to mend it. */
const LAYERS: Readonly<Record<PolicyLayer, Words>> = {
  'key-policy': {
    silent: 'the key policy neither allows the role nor leaves the decision to IAM, and no grant does',
    deny: 'a statement of the key policy denies it',
  },
  'identity-policy': {
    silent: "no IAM policy of the role allows it, and the key policy leaves the decision to the account's IAM",
    deny: 'an IAM policy of the role denies it',
  },
  'permissions-boundary': {
    silent: "the role's permissions boundary does not allow it, whatever the other policies say",
    deny: "the role's permissions boundary denies it",
  },
  'session-policy': {
    silent: 'the session policy with which the role was assumed does not allow it',
    deny: 'the session policy with which the role was assumed denies it',
  },
  'service-control-policy': {
    silent: 'the service control policies of the organisation do not allow it',
    deny: 'a service control policy of the organisation denies it',
  },
  'resource-control-policy': {
    silent: 'the resource control policies of the organisation do not allow it',
    deny: 'a resource control policy of the organisation denies it',
  },
  'vpc-endpoint-policy': {
    silent: 'the policy of the VPC endpoint does not allow it',
    deny: 'the policy of the VPC endpoint denies it',
  },
};

/** Key states in which KMS refuses whatever the policies say. https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const KEY_STATES: Readonly<Record<string, readonly [Cause, string]>> = {
  Disabled: ['key-disabled', 'the key is disabled; it can be enabled again'],
  PendingDeletion: ['key-pending-deletion', 'the key waits for its deletion; cancel that, then enable the key'],
  PendingReplicaDeletion: ['key-pending-deletion', 'the key waits for its deletion; cancel that, then enable the key'],
  PendingImport: ['key-pending-import', 'the key has no key material; import it again'],
  Unavailable: ['key-unavailable', "the key's key store cannot be reached; connect it, then try again"],
  Creating: ['key-unavailable', 'the key is still being made; try again'],
  Updating: ['key-unavailable', 'the key is being updated; try again'],
  NotFound: ['key-not-found', 'there is no such key in this Region and account, or its alias points to none'],
};

/** What the message says of a key's state, for a key that cannot be described. */
const STATES_IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/is disabled/, 'Disabled'],
  [/is pending deletion/, 'PendingDeletion'],
  [/is pending import/, 'PendingImport'],
  [/is unavailable/, 'Unavailable'],
  [/does not exist|is not found|is invalid/, 'NotFound'],
];

/** Only of words that speak of the key's state: an opaque refusal also reads `does not exist`, and leaves the cause open. */
const stateInWords = ({ layer, message }: Denial): string | null =>
  layer === 'key-state' ? (STATES_IN_WORDS.find(([says]) => says.test(message))?.[1] ?? null) : null;

const MISSING = [
  'the key policy',
  'grants on the key',
  "the role's IAM policies",
  "the role's permissions boundary",
  'session policies',
  "the organisation's policies",
];

const CONDITION_CAVEAT =
  'A condition that does not match (kms:ViaService, the encryption context) reads exactly like a missing allow.';

const subject = ({ principal, action, keyArn }: Denial): string =>
  `KMS refused ${action ?? 'an action it does not name'} on ${keyArn ?? 'a key it does not name'} to ${principal ?? 'a principal it does not name'}`;

const answer = (
  parts: Pick<Diagnosis, 'decision' | 'cause' | 'layer' | 'explanation'> & Partial<Diagnosis>,
): Diagnosis => ({ explicit: false, statement: null, missing: [], fixes: [], ...parts });

const isDefaultKey = (denial: Denial): boolean => denial.action === 'ec2:ModifySnapshotAttribute';

/**
 * The cause of a refusal, as far as AWS's message and DescribeKey tell it. AWS names one layer even where several
 * refuse, and after a fix the next one speaks: a layer that it names wins, and a key in a bad state is told besides.
 * INVARIANT: wording that leaves the layer open is `undetermined`, unless the key's state decides.
 */
export const diagnose = (denial: Denial, key: KeyReading | null): Diagnosis => {
  const said = subject(denial);
  const { layer, explicit } = denial;
  const now = key?.known ? key.state : null;
  const broken = now === null ? undefined : KEY_STATES[now];
  if (isDefaultKey(denial)) {
    const words = 'a snapshot under the AWS managed key aws/ebs cannot be shared, and that key policy cannot be edited';
    return answer({
      decision: 'denied',
      cause: 'default-key-not-shareable',
      layer: 'key-policy',
      explanation: `EC2 refused to share the snapshot: ${words}.`,
    });
  }
  if (layer !== null && layer !== 'key-state' && layer !== 'grant') {
    const named = denial.policyArn === null ? '' : ` AWS names the policy ${denial.policyArn}.`;
    const besides = broken === undefined ? '' : ` Besides, ${broken[1]}.`;
    return answer({
      decision: 'denied',
      cause: `${layer}-${explicit ? 'deny' : 'silent'}`,
      layer,
      explicit,
      explanation: `${said}: ${explicit ? LAYERS[layer].deny : LAYERS[layer].silent}.${named}${explicit ? '' : ` ${CONDITION_CAVEAT}`}${besides}`,
    });
  }
  const then = stateInWords(denial);
  const told = broken ?? (then === null ? undefined : KEY_STATES[then]);
  if (told !== undefined) {
    const [cause, words] = told;
    const since = broken === undefined && now !== null ? ` That was then: by now the key is ${now}.` : '';
    return answer({ decision: 'denied', cause, layer: 'key-state', explanation: `${said}: ${words}.${since}` });
  }
  const unread = key?.known === false ? [`the state of the key: ${key.because}`] : [];
  return answer({
    decision: 'undetermined',
    cause: 'undetermined',
    layer: null,
    explanation: `${said}; its words do not tell which layer refused.`,
    missing: [...unread, ...MISSING],
  });
};
