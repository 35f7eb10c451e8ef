import { describe, expect, it } from 'vitest';
import { readFacts } from '#shared/diagnosis/facts-record';
import type { Missing } from '#shared/diagnosis/fix-statement';
import { exceptionFrom, mend } from '#shared/diagnosis/mends';
import { known, unknown } from '#shared/policy/known';
import type { Layer } from '#shared/policy/layer';
import { requestContext } from '#shared/policy/request-context';
import { allow, factsWith, named, OWN_KEY, type Parts, PLATFORM, principal, ROLE, VIA } from './facts.ts';

const asked = { principal: principal(ROLE), action: 'kms:Decrypt', resource: OWN_KEY };
const request = { ...asked, context: requestContext({ 'kms:ViaService': VIA }, asked) };
const missing: Missing = [request];
const at = (layer: Layer, parts: Parts = {}) => mend(layer, missing, readFacts(factsWith(parts)));
const boundary = 'arn:aws:iam::111122223333:policy/Boundary';

describe('where a fix goes, in the words of the person who makes it', () => {
  it.each([
    {
      layer: 'key-policy',
      parts: {},
      target: OWN_KEY,
      note: `Add it to the policy of the key; it takes an administrator of the key in account ${PLATFORM}.`,
    },
    {
      layer: 'identity-policy',
      parts: {},
      target: ROLE,
      note: `Add it to the role's IAM policies, in account ${PLATFORM}.`,
    },
    {
      layer: 'permissions-boundary',
      parts: { boundary: [allow('s3:*')] },
      target: boundary,
      note: 'Add it to the policy that is the permissions boundary of the role. It may bind other roles too: whoever owns it decides.',
    },
    {
      layer: 'session-policy',
      parts: {},
      target: ROLE,
      note: 'Add it to the session policy that the platform passes when it assumes the role. It takes effect with the next session.',
    },
    {
      layer: 'service-control-policy',
      parts: { scp: known([{ target: 'r-abcd', policies: [named('Narrow', allow('s3:*'))] }]) },
      target: 'r-abcd',
      note: 'Something at this level of the organisation has to allow it. Whoever administers the organisation decides that, in its management account.',
    },
    {
      layer: 'vpc-endpoint-policy',
      parts: { endpoint: [allow('s3:*', { Principal: '*' })] },
      target: 'vpce-0a1b2c3d4e5f60718',
      note: 'Add it to the policy of the VPC endpoint for KMS through which the role calls.',
    },
  ] as const)('the $layer', ({ layer, parts, target, note }) => {
    const { proposals, after } = at(layer, parts);
    expect(proposals.map((fix) => [fix.layer, fix.target, fix.note])).toEqual([[layer, target, note]]);
    expect(proposals[0]?.statement).not.toBeNull();
    expect(after).not.toBeNull();
  });

  it('a policy of which the name is not known is named by what it is', () => {
    const facts = readFacts({ ...factsWith(), vpcEndpointPolicy: unknown('not given') });
    expect(mend('vpc-endpoint-policy', missing, facts).proposals[0]?.target).toBe('the VPC endpoint');
    expect(at('vpc-endpoint-policy').proposals[0]?.target).toBe('the VPC endpoint');
    expect(at('permissions-boundary').proposals[0]?.target).toBe(ROLE);
    const unread = readFacts({
      ...factsWith(),
      principal: { ...factsWith().principal, permissionsBoundary: unknown('not read') },
    });
    expect(mend('permissions-boundary', missing, unread).proposals[0]?.target).toBe(ROLE);
  });

  it('levels that are not known, grants, and resource control policies are mended by nothing', () => {
    expect(at('service-control-policy', { scp: unknown('not read') }).proposals).toEqual([]);
    expect(at('grant')).toEqual({ proposals: [], after: null });
    expect(at('resource-control-policy')).toEqual({ proposals: [], after: null });
  });

  it('the policy of a key that AWS manages is edited by nobody', () => {
    expect(at('key-policy', { manager: 'AWS' })).toEqual({
      proposals: [
        {
          layer: 'key-policy',
          target: OWN_KEY,
          statement: null,
          note: 'AWS manages this key: nobody can edit its policy, and it serves its own account and Region alone. Copy the snapshot under a customer key in the account that holds it, then share the copy.',
        },
      ],
      after: null,
    });
  });

  it('a key whose state is not known cannot be told what to do with', () => {
    expect(at('key-state', { state: unknown('not read') })).toEqual({
      proposals: [
        { layer: 'key-state', target: OWN_KEY, statement: null, note: 'No statement helps: the key cannot be used.' },
      ],
      after: null,
    });
  });
});

describe('a Sid that the policy already has is counted on, where it is a policy that is pasted into', () => {
  const own = allow('s3:*', { Sid: 'AllowUseForAcquisition' });
  const ofResource = { ...own, Principal: '*' };
  it.each([
    { layer: 'key-policy', parts: { keyPolicy: [ofResource] }, sid: 'AllowUseForAcquisition2' },
    { layer: 'permissions-boundary', parts: { boundary: [own] }, sid: 'AllowUseForAcquisition2' },
    { layer: 'vpc-endpoint-policy', parts: { endpoint: [ofResource] }, sid: 'AllowUseForAcquisition2' },
    { layer: 'identity-policy', parts: { identity: [own] }, sid: 'AllowUseForAcquisition' },
    {
      layer: 'session-policy',
      parts: { session: known([named('Session', own)]), boundary: [own], endpoint: [ofResource] },
      sid: 'AllowUseForAcquisition',
    },
  ] as const)('$layer: $sid', ({ layer, parts, sid }) => {
    expect(at(layer, parts).proposals.map(({ statement }) => statement?.Sid)).toEqual([sid]);
  });
});

describe('who decides about a deny', () => {
  const organisation = 'whoever administers the organisation, in its management account,';
  it.each([
    ['service-control-policy', organisation],
    ['resource-control-policy', organisation],
    ['key-policy', 'an administrator of the key'],
    ['grant', 'an administrator of the key'],
    ['identity-policy', 'whoever administers the role'],
    ['permissions-boundary', 'whoever owns the boundary'],
    ['session-policy', 'whoever runs the platform, which passes it when it assumes the role,'],
    ['vpc-endpoint-policy', 'whoever owns the VPC endpoint'],
    ['key-state', 'an administrator of the key'],
  ] as const)('of the %s', (layer, who) => {
    const target = layer === 'key-policy' ? OWN_KEY : 'p-guard';
    const statement = { policy: 'p-guard', sid: 'Guard', index: 3 };
    expect(exceptionFrom(layer, 'p-guard', statement, request)).toEqual({
      layer,
      target,
      statement: null,
      note: `Statement \`Guard\` of p-guard denies kms:Decrypt, and no allow elsewhere helps: ${who} decides whether to make an exception.`,
    });
  });

  it('of which the statement, or the policy, is not known', () => {
    expect(exceptionFrom('identity-policy', 'p-guard', null, request).note).toMatch(/^A statement of p-guard denies/);
    const nameless = exceptionFrom('identity-policy', null, null, request);
    expect(nameless.note).toMatch(/^A statement denies/);
    expect(nameless.target).toBe(OWN_KEY);
  });
});
