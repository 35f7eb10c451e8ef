import { contextOf } from '../context.ts';
import { speaksOf } from '../statement.ts';
import { isWhole } from './action-patterns.ts';
import { keepsCallersOut } from './confinement.ts';
import { type Found, type Mend, type Rule, SOURCES } from './rule.ts';
import { allowsAction, type Linted, type Subject, textsIn, type Written } from './subject.ts';

/** What an acquisition needs of a key, and what it does not. */

const CREATE_GRANT = 'kms:CreateGrant';
const FOR_AWS = 'kms:GrantIsForAWSResource';

/** All of KMS left to an account is the default of a key, and IAM's to restrict; all there is, an administrator's. */
const isLeftToOthers = ({ statement: { principals }, actions }: Linted): boolean =>
  principals === null
    ? actions.includes('*')
    : actions.some(isWhole) && principals.named.every(({ kind }) => kind === 'account');

const isObject = (value: unknown): value is Written => typeof value === 'object' && value !== null;

const freeSid = (sid: string | null, { statements }: Subject): Written => {
  const wanted = `${sid}ForAWSResources`;
  return sid === null || statements.some(({ statement }) => statement.sid === wanted) ? {} : { Sid: wanted };
};

/** The recommended pair. Only where the action stands by its name: of a glob nobody knows what it was meant for. */
const pairOf = ({ statement, written, actions }: Linted, subject: Subject): Mend | undefined => {
  const rest = actions.filter((action) => action.toLowerCase() !== CREATE_GRANT.toLowerCase());
  const condition = isObject(written.Condition) ? written.Condition : {};
  const bools = isObject(condition.Bool) ? condition.Bool : {};
  const isAsked = Object.keys(bools).some((key) => key.toLowerCase() === FOR_AWS.toLowerCase());
  if (rest.length === actions.length || isAsked || rest.some((action) => grantsBy(action))) return undefined;
  const { Sid: _, ...others } = written;
  const grant = {
    ...(rest.length === 0 ? (statement.sid === null ? {} : { Sid: statement.sid }) : freeSid(statement.sid, subject)),
    ...others,
    Action: CREATE_GRANT,
    Condition: { ...condition, Bool: { ...bools, [FOR_AWS]: 'true' } },
  };
  const [first, ...more] = rest;
  if (first === undefined) return { effect: 'narrower', becomes: [grant] };
  return { effect: 'narrower', becomes: [{ ...written, Action: more.length === 0 ? first : rest }, grant] };
};

const grantsBy = (pattern: string): boolean => /[*?]/.test(pattern) && /^kms:(?:c|\*|\?)/i.test(pattern);

const grants = (subject: Subject): readonly Found[] =>
  subject.statements.flatMap((linted): readonly Found[] => {
    const { index, actions } = linted.statement;
    if (actions.negated || !allowsAction(linted, CREATE_GRANT)) return [];
    if (isLeftToOthers(linted) || keepsCallersOut(linted)) return [];
    const mend = pairOf(linted, subject);
    const message = `\`${CREATE_GRANT}\` without \`${FOR_AWS}\`: whoever holds it can give the key on to anybody`;
    return [{ statement: index, message, ...(mend === undefined ? {} : { mend }) }];
  });

/** The five that EBS asks for; with them the sixth is forgotten most. */
const OF_EBS = [
  CREATE_GRANT,
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const DESCRIBE_KEY = 'kms:DescribeKey';

/** Who is allowed something, each by the text of its name; in an identity policy the one who has it. */
const allowedIn = ({ statement: { principals } }: Linted): readonly string[] =>
  principals === null ? ['the role'] : principals.negated ? [] : principals.named.map((named) => JSON.stringify(named));

const describes = (who: string, { statements }: Subject): boolean =>
  statements.some(
    (linted) =>
      allowsAction(linted, DESCRIBE_KEY) &&
      (allowedIn(linted).includes(who) ||
        // Through its account, where IAM allows it.
        linted.statement.principals?.named.some(
          (named) => named.kind === 'everyone' || (named.kind === 'account' && who.includes(`:${named.accountId}:`)),
        )),
  );

const withoutDescribeKey = (subject: Subject): readonly Found[] => {
  const found = new Map<number, Found>();
  for (const who of new Set(subject.statements.flatMap(allowedIn))) {
    const given = subject.statements.filter((linted) => allowedIn(linted).includes(who));
    const all = OF_EBS.every((action) => given.some((linted) => allowsAction(linted, action)));
    const use = given.find((linted) => allowsAction(linted, 'kms:Decrypt'));
    if (!all || use === undefined || describes(who, subject)) continue;
    const message = `all that EBS asks of a key but \`${DESCRIBE_KEY}\`: a copy of a snapshot is refused without it`;
    found.set(use.statement.index, { statement: use.statement.index, message });
  }
  return [...found.values()];
};

const REGION = /^[a-z0-9-]+\.([a-z]{2}(?:-[a-z]+)+-\d+)\.amazonaws\.com(?:\.cn)?$/i;

/** The services that a statement is confined to, with their Regions; those with a wildcard in it are left out. */
const viaServices = ({ statement, written }: Linted): readonly { readonly via: string; readonly region: string }[] => {
  const positive = statement.conditions.some(
    (condition) => condition.test === 'compare' && condition.key === 'kms:viaservice' && !condition.operator.negated,
  );
  if (!positive || !isObject(written.Condition)) return [];
  const texts = Object.entries(written.Condition).flatMap(([operator, keys]) =>
    /not/i.test(operator) || !isObject(keys)
      ? []
      : Object.entries(keys).flatMap(([key, values]) => (/^kms:viaservice$/i.test(key) ? textsIn(values) : [])),
  );
  return texts.flatMap((via) => {
    const region = REGION.exec(via)?.[1];
    return region === undefined ? [] : [{ via, region: region.toLowerCase() }];
  });
};

const anotherRegion = (subject: Subject): readonly Found[] => {
  const { keyRegion, platformRegions, statements } = subject;
  if (keyRegion === null) return [];
  const known = new Set([keyRegion, ...platformRegions]);
  return statements.flatMap((linted) => {
    const others = viaServices(linted).filter(({ region }) => !known.has(region));
    if (others.length === 0) return [];
    const texts = others.map(({ via }) => `\`${via}\``).join(', ');
    const wanted = [...known].map((region) => `\`${region}\``).join(', ');
    return [{ statement: linted.statement.index, message: `${texts}: the key and the platform are in ${wanted}` }];
  });
};

const leftOutRegion = ({ platformRegions, statements }: Subject): readonly Found[] =>
  statements.flatMap((linted) => {
    const regions = viaServices(linted).map(({ region }) => region);
    const missing = platformRegions.filter((region) => !regions.includes(region));
    const isConfined = linted.statement.effect === 'Allow' && regions.length > 0;
    // A wildcard may take them in.
    const isSure = !JSON.stringify(linted.written.Condition ?? '').includes('*');
    if (!isConfined || !isSure || missing.length === 0) return [];
    const texts = missing.map((region) => `\`${region}\``).join(', ');
    return [
      {
        statement: linted.statement.index,
        message: `the platform works in ${texts} too, and \`kms:ViaService\` leaves that out`,
      },
    ];
  });

/** Any machine: one of a name that nobody could have written down. */
const ANY_INSTANCE = 'arn:aws:ec2:eu-west-3:111122223333:instance/i-0a1b2c3d4e5f60718';

const sendCommand = ({ statements }: Subject): readonly Found[] =>
  statements.flatMap((linted) => {
    const { statement, actions } = linted;
    if (!allowsAction(linted, 'ssm:SendCommand') || statement.actions.negated || actions.includes('*')) return [];
    const asked = {
      principal: { kind: 'service', name: 'nobody' },
      action: 'ssm:SendCommand',
      resource: ANY_INSTANCE,
      context: contextOf({}),
    } as const;
    if (speaksOf(statement, asked) !== 'yes') return [];
    return [
      {
        statement: statement.index,
        message: '`ssm:SendCommand` to every instance: no condition such as `ssm:resourceTag/…` picks them',
      },
    ];
  });

export const RULES_OF_USE: readonly Rule[] = [
  {
    id: 'grant-not-for-aws-resources',
    severity: 'warning',
    kinds: ['key-policy', 'identity-policy'],
    title: '`kms:CreateGrant` for AWS resources only',
    reason: 'A grant gives the key on without any policy. EBS needs one; a person or a role does not.',
    source: SOURCES.grantIsForAwsResource,
    check: grants,
  },
  {
    id: 'describe-key-missing',
    severity: 'warning',
    kinds: ['key-policy', 'identity-policy'],
    title: '`kms:DescribeKey` beside the actions that EBS asks for',
    reason: 'EBS looks at the key before it copies. Lists of five actions are copied on without the sixth.',
    source: SOURCES.ebs,
    check: withoutDescribeKey,
  },
  {
    id: 'service-of-another-region',
    severity: 'warning',
    kinds: ['key-policy', 'identity-policy'],
    title: '`kms:ViaService` of the Region of the key, or of the platform',
    reason: 'A key serves one Region. A service of another never comes, and the statement reads as if it did.',
    source: SOURCES.viaService,
    check: anotherRegion,
  },
  {
    id: 'platform-region-left-out',
    severity: 'warning',
    kinds: ['key-policy', 'identity-policy'],
    title: '`kms:ViaService` of every Region in which the platform works',
    reason: 'An acquisition across Regions is refused there, and the refusal looks like a missing permission.',
    source: SOURCES.cado,
    check: leftOutRegion,
  },
  {
    id: 'send-command-to-any-instance',
    severity: 'warning',
    kinds: ['identity-policy'],
    title: '`ssm:SendCommand` only to instances that carry a tag',
    reason: 'It runs any command as root on each machine that Systems Manager manages.',
    source: SOURCES.cadoTightening,
    check: sendCommand,
  },
];
