import type { OutlookEntry, ReadinessReport } from '#shared/readiness/report';
import { WAYS } from '#shared/readiness/ways';

/** A report of readiness by hand: four machines, one of each kind. */

const PLATFORM = '111122223333';
const SHOP = '444455556666';
const BATCH = '777788889999';
const REGION = 'eu-west-3';
const keyOf = (accountId: string, end: number) =>
  `arn:aws:kms:${REGION}:${accountId}:key/6e5d4c3b-2a19-4807-9f6e-5d4c3b2a190${end}`;

const shut = { open: false, because: 'an unencrypted copy is not allowed (`AllowUnencryptedCopy`)', remedy: null };

const outlook = (
  accountId: string,
  end: number,
  alias: string,
  verdict: OutlookEntry['verdict'],
  more: Partial<OutlookEntry> = {},
): OutlookEntry => ({
  id: `${accountId}/${REGION}/${keyOf(accountId, end)}`,
  accountId,
  region: REGION,
  encrypted: true,
  keyArn: keyOf(accountId, end),
  aliases: [alias],
  way: 'cross-account',
  verdict,
  steps: WAYS['cross-account'].map(({ name }) => ({ step: name, verdict: name === 'copy' ? verdict : 'ready' })),
  refusals: [],
  missing: [],
  lint: [],
  copy: shut,
  ...more,
});

const refusal = (end: number, cause: string, explanation: string, statement: Record<string, unknown> | null) => ({
  step: 'copy' as const,
  roleArn: `arn:aws:iam::${PLATFORM}:role/myCadoResponseRole`,
  action: 'kms:CreateGrant',
  keyArn: keyOf(SHOP, end),
  asked: [],
  cause,
  explanation,
  fixes: [{ layer: 'key-policy', target: keyOf(SHOP, end), statement, verified: statement !== null, note: 'Add it.' }],
});

/** @param text what whoever owns a machine wrote: its name, its tags */
export const fleet = (text = 'shop'): ReadinessReport => {
  const payments = outlook(SHOP, 1, 'alias/payments', 'refused', {
    refusals: [
      refusal(
        1,
        'key-policy-silent',
        `KMS refuses: the key policy does not know the role. ${text === 'shop' ? '' : text}`,
        {
          Effect: 'Allow',
          Action: 'kms:CreateGrant',
          Resource: '*',
        },
      ),
    ],
  });
  const disabled = outlook(SHOP, 2, 'alias/old', 'refused', {
    refusals: [refusal(2, 'key-disabled', 'The key is disabled.', null)],
  });
  const web = outlook(SHOP, 3, 'alias/web', 'ready');
  const batch = outlook(BATCH, 4, 'alias/batch', 'undetermined', {
    missing: [`the key policy: kms:GetKeyPolicy was refused to Unlatch ${text === 'shop' ? '' : text}`],
  });
  const row = (
    name: string,
    accountId: string,
    end: number,
    of: OutlookEntry,
    tags: Readonly<Record<string, string>>,
  ): ReadinessReport['rows'][number] => ({
    accountId,
    region: REGION,
    instanceId: `i-0b1c2d3e4f5a6978${end}`,
    name,
    state: 'running',
    platform: 'linux',
    tags: { ...tags },
    triage: { open: end % 2 === 0, because: end % 2 === 0 ? null : 'no agent has registered', remedy: null },
    volumes: [{ volumeId: `vol-0b1c2d3e4f5a6978${end}`, device: '/dev/xvda', situation: of.id }],
    verdict: of.verdict,
  });
  const named = (name: string) => (text === 'shop' ? name : `${name} ${text}`);
  return {
    runId: '20260302-c2801c2e',
    startedAt: '2026-03-02T02:58:00.050Z',
    endedAt: '2026-03-02T02:58:09.250Z',
    scope: '2 accounts in eu-west-3',
    platform: {
      accountId: PLATFORM,
      region: REGION,
      keyArn: keyOf(PLATFORM, 9),
      roles: [`arn:aws:iam::${PLATFORM}:role/myCadoResponseRole`],
    },
    assumed: ['The platform assumes its role without a session policy.'],
    machines: { ready: 1, refused: 2, undetermined: 1 },
    volumes: { ready: 1, refused: 2, undetermined: 1 },
    unread: [],
    health: [
      { check: 'trails', result: 'good', found: 'A logging trail takes in what KMS does.', remedy: null },
      {
        check: 'rules',
        result: 'bad',
        found: `The rule is \`DISABLED\`. ${text === 'shop' ? '' : text}`,
        remedy: 'Enable it.',
      },
    ],
    calls: { 'kms:GetKeyPolicy': 4 },
    outlooks: [payments, disabled, web, batch],
    rows: [
      row(named('db-1'), SHOP, 0, payments, { team: 'data' }),
      row(named('web-2'), SHOP, 1, disabled, { team: text }),
      row(named('batch-1'), BATCH, 2, batch, {}),
      row(named('web-1'), SHOP, 3, web, { team: text, [text.slice(0, 100)]: text }),
    ],
    tool: { name: 'unlatch', version: '0.0.0' },
  };
};
