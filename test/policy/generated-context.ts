import fc from 'fast-check';

/** What a request carries: a key that is not listed is known to be missing. */
export type ContextText = Readonly<Record<string, string | readonly string[]>>;

export type Kind = keyof typeof OPERATORS;

export interface Key {
  readonly name: string;
  readonly kind: Kind;
  /** What requests carry; policies ask for the same, and for `asked`. */
  readonly carried: readonly string[];
  readonly asked?: readonly string[];
  /** A list, of which requests carry so many at least. */
  readonly several?: number;
  /** The actions that carry it; by default all. */
  readonly of?: RegExp;
}

const STRINGS = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
] as const;
const orders = <Prefix extends string>(prefix: Prefix) =>
  [
    `${prefix}Equals`,
    `${prefix}NotEquals`,
    `${prefix}LessThan`,
    `${prefix}LessThanEquals`,
    `${prefix}GreaterThan`,
    `${prefix}GreaterThanEquals`,
  ] as const;

/** Every operator that IAM documents, by the kind of key that it is asked of; `Null` is asked of all. */
export const OPERATORS = {
  text: STRINGS,
  arn: ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike', 'StringLike', 'StringNotLike', 'StringEquals'],
  number: orders('Numeric'),
  date: orders('Date'),
  boolean: ['Bool'],
  address: ['IpAddress', 'NotIpAddress'],
  binary: ['BinaryEquals'],
} as const satisfies Record<string, readonly string[]>;

const TEAMS = ['blue', 'Blue', 'red', 'green'];
const KEY_ID = 'bd3c1a5e-0f6b-4a57-9d3e-6c1f2b7a8e90';

const KEYS: readonly Key[] = [
  { name: 'aws:PrincipalTag/team', kind: 'text', carried: TEAMS },
  { name: 'aws:PrincipalTag/project', kind: 'text', carried: TEAMS },
  { name: 'aws:PrincipalTag/digest', kind: 'binary', carried: ['QmxhdQ==', 'Um90'] },
  { name: 'aws:PrincipalTag/key', kind: 'text', carried: [KEY_ID, 'other'] },
  { name: 'aws:PrincipalOrgID', kind: 'text', carried: ['o-a1b2c3d4e5'], asked: ['o-zzzzzzzzzz'] },
  { name: 'aws:PrincipalOrgPaths', kind: 'text', several: 0, carried: ['o-a1/r-1/ou-1/', 'o-a1/r-1/ou-2/'] },
  { name: 'aws:CalledVia', kind: 'text', several: 2, carried: ['athena.amazonaws.com', 'dynamodb.amazonaws.com'] },
  { name: 'aws:SourceVpce', kind: 'text', carried: ['vpce-0a1b2c3d', 'vpce-9f8e7d6c'] },
  { name: 'aws:SourceArn', kind: 'arn', carried: ['arn:aws:ec2:eu-west-3:111122223333:volume/vol-0a'] },
  {
    name: 'aws:SourceIp',
    kind: 'address',
    carried: ['203.0.113.7', '198.51.100.20', '2001:db8::7'],
    asked: ['203.0.113.0/24', '198.51.100.16/28', '2001:db8::/32', '0.0.0.0/0', '203.0.113.7/32'],
  },
  {
    name: 'aws:CurrentTime',
    kind: 'date',
    carried: ['2026-03-01T12:00:00Z', '2026-06-30T23:59:59Z'],
    asked: ['2026-04-01T00:00:00Z', '2026-03-01', '2025-01-01T00:00:00+02:00', '1772366400'],
  },
  { name: 'aws:EpochTime', kind: 'date', carried: ['1772366400', '1782863999'], asked: ['2026-04-01T00:00:00Z'] },
  {
    name: 'aws:MultiFactorAuthAge',
    kind: 'number',
    carried: ['10', '10.5', '300', '3600'],
    asked: ['10.7', '300.5', '299', '10abc'],
  },
  { name: 'aws:MultiFactorAuthPresent', kind: 'boolean', carried: ['true', 'false'] },
  { name: 'aws:SecureTransport', kind: 'boolean', carried: ['true'], asked: ['false'] },
  { name: 'aws:ViaAWSService', kind: 'boolean', carried: ['true', 'false'] },
  {
    name: 'kms:ViaService',
    kind: 'text',
    carried: ['ec2.eu-west-3.amazonaws.com', 'rds.eu-west-3.amazonaws.com'],
    of: /^kms:/,
  },
  { name: 'kms:KeySpec', kind: 'text', carried: ['SYMMETRIC_DEFAULT', 'RSA_2048'], of: /^kms:/ },
  {
    name: 'kms:EncryptionContext:aws:ebs:id',
    kind: 'text',
    carried: ['vol-0a', 'vol-0b', 'vol-*'],
    of: /^kms:(?!CreateKey|DescribeKey)/,
  },
  {
    name: 'kms:EncryptionContextKeys',
    kind: 'text',
    several: 0,
    carried: ['aws:ebs:id', 'purpose'],
    of: /^kms:(?!CreateKey|DescribeKey)/,
  },
  { name: 'kms:GrantIsForAWSResource', kind: 'boolean', carried: ['true', 'false'], of: /CreateGrant$/ },
  {
    name: 'kms:GrantOperations',
    kind: 'text',
    several: 0,
    carried: ['Decrypt', 'CreateGrant', 'DescribeKey'],
    of: /CreateGrant$/,
  },
  { name: 'iam:AWSServiceName', kind: 'text', carried: ['mrk.kms.amazonaws.com', 'spot.amazonaws.com'], of: /^iam:/ },
];

/** What follows from the one who asks; the generator of requests fills it in. */
const OF_THE_CALLER: readonly Key[] = [
  {
    name: 'aws:PrincipalArn',
    kind: 'arn',
    carried: ['arn:aws:iam::111122223333:role/myCadoResponseRole', 'arn:aws:iam::777788889999:user/mallory'],
  },
  { name: 'aws:PrincipalAccount', kind: 'text', carried: ['111122223333', '444455556666'] },
  { name: 'aws:PrincipalType', kind: 'text', carried: ['AssumedRole', 'User'] },
  { name: 'aws:username', kind: 'text', carried: ['responder', 'mallory'] },
];
/** Some twice: their operators are many, and other keys have none of them. */
const ORDERED = KEYS.filter(({ kind }) => kind === 'number' || kind === 'date' || kind === 'address');
export const ASKED = [...OF_THE_CALLER, ...OF_THE_CALLER.slice(0, 1), ...ORDERED, ...KEYS];

/** Every key that a generated policy may ask for. */
export const KEY_NAMES: readonly string[] = [...new Set(ASKED.map(({ name }) => name)), 'aws:PrincipalTag/unset'];

const carries = ({ of = /./ }: Key, action: string): boolean => of.test(action);

const carriedOf = ({ carried, several }: Key): fc.Arbitrary<string | readonly string[]> =>
  several === undefined ? fc.constantFrom(...carried) : fc.subarray([...carried], { minLength: several });

/** A context for an action, without what follows from the caller. */
export const contextFor = (action: string): fc.Arbitrary<ContextText> =>
  fc
    .tuple(
      ...KEYS.filter((key) => carries(key, action)).map((key) =>
        fc.option(carriedOf(key), { freq: 4 }).map((value) => (value === null ? [] : [[key.name, value] as const])),
      ),
    )
    .map((entries) => Object.fromEntries(entries.flat()));
