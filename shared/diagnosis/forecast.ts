import { known, unknown } from '#shared/policy/known';
import { principalOf } from '#shared/policy/principal';
import type { FactsRecord, KeyRecord } from './facts-record.ts';
import { questionAsked } from './question.ts';
import { simulate } from './simulation.ts';

export type Forecast = 'allowed' | 'denied' | 'undetermined';

const unread = unknown('Unlatch does not read its own policies');
const withoutCaller: Omit<FactsRecord, 'key'> = {
  principal: {
    arn: null,
    uniqueId: null,
    identityPolicies: unread,
    permissionsBoundary: unread,
    sessionPolicies: unread,
  },
  organization: { serviceControlPolicies: unread, resourceControlPolicies: unread },
  vpcEndpointPolicy: known(null),
};

/** What EC2 asks of a key in a caller's name. A grant is for EBS itself. */
type Asked = 'kms:Decrypt' | 'kms:CreateGrant' | 'kms:GenerateDataKeyWithoutPlaintext';

/**
 * Whether KMS will do for a caller what EC2 asks it to, as far as the key alone tells. `denied` is certain: whatever
 * the caller's own policies say, neither the key's policy nor a grant lets it in, or the key's state does not.
 */
export const forecast = (caller: string, action: Asked, keyArn: string, key: KeyRecord): Forecast => {
  const principal = principalOf(caller);
  if (principal === null) return 'undetermined';
  const region = keyArn.split(':')[3] ?? '';
  const question = questionAsked({
    principal,
    action,
    resource: keyArn,
    context: {
      'kms:ViaService': `ec2.${region}.amazonaws.com`,
      ...(action === 'kms:CreateGrant' ? { 'kms:GrantIsForAWSResource': 'true' } : {}),
    },
  });
  return simulate(question, { ...withoutCaller, key })?.decision.decision ?? 'undetermined';
};
