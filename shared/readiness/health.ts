import { trailsIn } from '#shared/aws/cloudtrail';
import { countKeys, keysAliased } from '#shared/aws/key-inventory';
import { rulesNamed } from '#shared/aws/rules';
import type { AwsSession } from '#shared/aws/session';
import type { Known } from '#shared/policy/known';
import { bad, good, type Looking, note, untold } from './checks.ts';
import { oneTimePermission } from './one-time-permission.ts';
import type { HealthCheck } from './report.ts';
import { roleStatements } from './role-statements.ts';

/** A session where the platform works, or the one line that says why there is none. */
const there = async (
  { shelf }: Looking,
  check: string,
  look: (session: AwsSession) => Promise<readonly HealthCheck[]>,
): Promise<readonly HealthCheck[]> => {
  const session = await shelf.sessionAt(shelf.platformPlace);
  return session.known ? look(session.value) : [untold(check, session.because)];
};

const told = <T>(check: string, part: Known<T>, say: (value: T) => readonly HealthCheck[]): readonly HealthCheck[] =>
  part.known ? say(part.value) : [untold(check, part.because)];

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html */
const trails = (looking: Looking): Promise<readonly HealthCheck[]> =>
  there(looking, 'trails', async (session) =>
    told('trails', await trailsIn(session, looking.custody), (found) => {
      const logging = found.filter(({ isLogging }) => isLogging);
      const place = `account ${session.accountId}, ${session.region}`;
      if (logging.length === 0)
        return [
          bad(
            'trails',
            `No trail is logging in ${place}: EventBridge gets no record of any call.`,
            'Let a trail log management events there.',
          ),
        ];
      const blind = (field: 'kmsWrites' | 'kmsReads') => !logging.some((trail) => trail[field]);
      const names = logging.map(({ trailArn }) => trailArn).join(', ');
      return [
        blind('kmsWrites')
          ? bad(
              'trails',
              `No logging trail of ${place} takes in what KMS does (${names}): refusals are not seen.`,
              'Take `kms.amazonaws.com` off `ExcludeManagementEventSources`, and let the trail log writes.',
            )
          : good('trails', `A logging trail of ${place} takes in what KMS does.`),
        ...(blind('kmsReads') && !blind('kmsWrites')
          ? [
              bad(
                'trails',
                `No logging trail of ${place} takes in reads of KMS (${names}): refused Decrypt, ReEncrypt and GenerateDataKey are not seen.`,
                'Let the trail log read events, too.',
              ),
            ]
          : []),
      ];
    }),
  );

const ALL_EVENTS = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';
/** The rule that has to see read-only calls, by the part of its name that the template gives. */
const READS_TOO = /KmsRefused/;

const rules = async ({ settings, shelf, custody }: Looking): Promise<readonly HealthCheck[]> => {
  if (settings.STACK_NAME === '') return [untold('rules', 'the name of the stack is not set')];
  const own = await shelf.sessionAt({ accountId: settings.ACCOUNT_ID, region: settings.AWS_REGION });
  if (!own.known) return [untold('rules', own.because)];
  return told('rules', await rulesNamed(own.value, custody, `${settings.STACK_NAME}-`), (found) => {
    const wrong = found.flatMap(({ name, state }): HealthCheck[] => {
      if (READS_TOO.test(name) && state !== ALL_EVENTS)
        return [
          bad(
            'rules',
            `The rule ${name} is \`${state}\`: refused Decrypt, ReEncrypt and GenerateDataKey never reach it.`,
            `Set its state to \`${ALL_EVENTS}\`.`,
          ),
        ];
      return state === 'DISABLED' ? [bad('rules', `The rule ${name} is disabled.`, 'Enable it.')] : [];
    });
    const missing = found.some(({ name }) => READS_TOO.test(name))
      ? []
      : [bad('rules', `No rule of the stack ${settings.STACK_NAME} takes refusals of KMS.`, 'Deploy the stack again.')];
    const all = [...wrong, ...missing];
    return all.length > 0
      ? all
      : [good('rules', `All ${found.length} rules of the stack are in the state that they need.`)];
  });
};

const DAY = 86_400_000;

const temporaryKeys = (looking: Looking): Promise<readonly HealthCheck[]> =>
  there(looking, 'temporary keys', async (session) => {
    const { KEY_ALIAS_PREFIX: prefix, PLATFORM_KEY_DAYS: days } = looking.settings;
    const keys = await keysAliased(session, looking.custody, (alias) => alias.startsWith(prefix));
    return told('temporary keys', keys, (found) => {
      const place = `account ${session.accountId}, ${session.region}`;
      const left = found.filter(
        ({ state, since }) =>
          !/^Pending(?:Replica)?Deletion$/.test(state) &&
          (since === null || Date.now() - Date.parse(since) > days * DAY),
      );
      if (left.length === 0)
        return [good('temporary keys', `No key under \`${prefix}…\` was left behind in ${place}.`)];
      return left.map(({ keyArn, alias, since }) =>
        bad(
          'temporary keys',
          `The temporary key ${keyArn} (\`${alias}\`) is still there${since === null ? '' : `, since ${since.slice(0, 10)}`}.`,
          'If no acquisition uses it, schedule its deletion before you delete its alias: the statement that allows it asks for the alias.',
        ),
      );
    });
  });

/** https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const MOST_KEYS = 100_000;
const NEARLY = 0.9;

const quotas = (looking: Looking): Promise<readonly HealthCheck[]> =>
  there(looking, 'quotas', async (session) =>
    told('quotas', await countKeys(session, looking.custody), (count) => [
      count > MOST_KEYS * NEARLY
        ? bad(
            'quotas',
            `Account ${session.accountId} has ${count} keys in ${session.region}; the default quota is ${MOST_KEYS}.`,
            'Ask AWS for more, or delete keys: a temporary key could not be made.',
          )
        : good('quotas', `Account ${session.accountId} has ${count} of ${MOST_KEYS} keys in ${session.region}.`),
    ]),
  );

const evidenceKey = async ({ settings, shelf }: Looking): Promise<readonly HealthCheck[]> => {
  const check = 'evidence key';
  const arn = settings.EVIDENCE_KEY_ARN;
  if (arn === '')
    return [
      settings.ALLOW_UNENCRYPTED_COPY
        ? note(
            check,
            'No evidence key is set: where EBS encrypts by default, no disk can be copied.',
            'Set `EvidenceKeyArn`.',
          )
        : note(
            check,
            'Neither an evidence key is set nor are unencrypted copies allowed: no disk is copied.',
            'Set `EvidenceKeyArn`.',
          ),
    ];
  const { state } = await shelf.key(arn);
  return told(check, state, (name) => [
    name === 'Enabled'
      ? good(check, `The evidence key ${arn} is enabled.`)
      : bad(
          check,
          `The evidence key ${arn} is \`${name}\`: no disk can be copied under it.`,
          'Enable it, or set another.',
        ),
  ]);
};

const CHECKS: readonly ((looking: Looking) => Promise<readonly HealthCheck[]>)[] = [
  roleStatements,
  oneTimePermission,
  trails,
  rules,
  temporaryKeys,
  quotas,
  evidenceKey,
];

/** Looks at the platform itself, one thing after the other. What cannot be read is said to be unknown. */
export const checkHealth = async (looking: Looking): Promise<readonly HealthCheck[]> => {
  const found: HealthCheck[] = [];
  for (const check of CHECKS) found.push(...(await check(looking)));
  return found;
};
