import { ebsDirectService } from '#local/account/ebs-direct';
import { ec2Service } from '#local/account/ec2';
import type { Key, KeyState, NamedPolicy, PolicyDocument, RoleSession, Snapshot } from '#local/account/state';
import {
  addInstance,
  addKey,
  addRole,
  addSession,
  addSnapshot,
  addVolume,
  allowAll,
  delegatedTo,
  platformAccount,
  region,
  targetAccount,
  type VirtualGround,
  virtualGround,
} from './ground.ts';

/**
 * A world of two accounts: the snapshot and its key (`source`) belong to the target account, or to the caller itself
 * where the path says so; the key of what is made (`target`) belongs to the caller's account.
 */

export type Side = 'source' | 'target' | 'every';

type LayerCase =
  | 'silent target key policy'
  | 'silent source key policy'
  | 'denying key policy'
  | 'silent identity policy'
  | 'denying identity policy'
  | 'narrow permissions boundary'
  | 'narrow service control policy'
  | 'denying service control policy'
  | 'denying resource control policy'
  | 'grant in place of a key policy'
  | 'grant for another snapshot';

export interface Circumstances {
  /** A KMS action, `nothing`, `everything`, or `all but …`. */
  readonly denied: string;
  readonly side: Side;
  readonly state?: KeyState | undefined;
  /** Whether the session has used the key just before its state changed. */
  readonly warm?: boolean | undefined;
  readonly layer?: LayerCase | undefined;
}

export interface World {
  readonly ground: VirtualGround;
  readonly ec2: ReturnType<typeof ec2Service>;
  readonly ebs: ReturnType<typeof ebsDirectService>;
  readonly session: RoleSession;
  readonly source: Key;
  readonly target: Key;
  /** Of the target account, shared with the caller. */
  readonly shared: Snapshot;
  /** Of the caller's own account, for EBS direct. */
  readonly own: Snapshot;
  /** The root volume of the instance, under the source key. */
  readonly volumeId: string;
  /** A volume under the target key, attached to nothing. */
  readonly looseVolumeId: string;
  readonly instanceId: string;
}

const statements = (...Statement: readonly Record<string, unknown>[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement,
});
const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
const allButKms = { Effect: 'Allow', NotAction: 'kms:*', Resource: '*' };
const allButCreateGrant = statements({ Effect: 'Allow', NotAction: 'kms:CreateGrant', Resource: '*' });
const deny = (Action: string, Resource: string) => ({ Effect: 'Deny', Action, Resource });
const denyCreateGrant = statements(deny('kms:CreateGrant', '*'));
const named = (document: PolicyDocument): NamedPolicy => ({ name: 'policy', document });

const kmsOnlyIf = (condition: Record<string, string>): PolicyDocument =>
  statements(allButKms, {
    Effect: 'Allow',
    Action: 'kms:*',
    Resource: '*',
    Condition: { StringEquals: condition },
  });

const sessionPolicies: Readonly<Record<string, PolicyDocument | null>> = {
  nothing: null,
  everything: statements(allButKms),
  'all but through ebs': kmsOnlyIf({ 'kms:ViaService': `ebs.${region}.amazonaws.com` }),
  'all but through ec2': kmsOnlyIf({ 'kms:ViaService': `ec2.${region}.amazonaws.com` }),
  'all but another encryption context': kmsOnlyIf({ 'kms:EncryptionContext:aws:ebs:id': 'snap-0ffffffffffffffff' }),
};

const sessionPolicyFor = ({ denied, side }: Circumstances, source: Key, target: Key): PolicyDocument | null => {
  const prepared = sessionPolicies[denied];
  if (prepared !== undefined) return prepared;
  const resource = { source: source.arn, target: target.arn, every: '*' }[side];
  return statements(allow, deny(denied, resource));
};

/** The world in which the call is made, with its circumstances. */
export const worldOf = (circumstances: Circumstances, sourceOwner: string): World => {
  const { layer } = circumstances;
  const ground = virtualGround();
  const closedSource = layer === 'silent source key policy' || layer?.startsWith('grant') === true;
  const sourcePolicy = closedSource ? delegatedTo(sourceOwner) : delegatedTo(sourceOwner, platformAccount);
  const source = addKey(ground, sourceOwner, sourcePolicy, 'a');
  const target = addKey(ground, platformAccount, targetPolicy(layer), 'b');
  const role = addRole({
    identityPolicies: identityPolicies(layer).map(named),
    permissionsBoundary: layer === 'narrow permissions boundary' ? allButCreateGrant : null,
  });
  const shared = addSnapshot(ground, targetAccount, source, [platformAccount]);
  const own = addSnapshot(ground, platformAccount, source);
  const volumeId = addVolume(ground, platformAccount, source);
  const looseVolumeId = addVolume(ground, platformAccount, target);
  const instanceId = addInstance(ground, platformAccount, [volumeId], 'running');
  if (layer?.startsWith('grant') === true) {
    const id = layer === 'grant for another snapshot' ? own.snapshotId : shared.snapshotId;
    source.grants.push({
      grantId: 'f'.repeat(64),
      granteePrincipal: role.arn,
      retiringPrincipal: null,
      operations: ['ReEncryptFrom'],
      encryptionContextSubset: { 'aws:ebs:id': id },
      encryptionContextEquals: null,
    });
  }
  ground.state.organization.set(platformAccount, organizationPolicies(layer));
  const session = addSession(ground, role, sessionPolicyFor(circumstances, source, target));
  const services = { ec2: ec2Service(ground), ebs: ebsDirectService(ground) };
  return { ground, ...services, session, source, target, shared, own, volumeId, looseVolumeId, instanceId };
};

const targetPolicy = (layer: LayerCase | undefined): PolicyDocument => {
  const delegated = delegatedTo(platformAccount);
  if (layer === 'silent target key policy') return delegatedTo(targetAccount);
  if (layer !== 'denying key policy') return delegated;
  const denial = { ...deny('kms:CreateGrant', '*'), Principal: '*' };
  return { ...delegated, Statement: [...delegated.Statement, denial] };
};

const identityPolicies = (layer: LayerCase | undefined): PolicyDocument[] => {
  if (layer === 'silent identity policy') return [allButCreateGrant];
  return layer === 'denying identity policy' ? [allowAll, denyCreateGrant] : [allowAll];
};

const organizationPolicies = (layer: LayerCase | undefined) => {
  const service: Readonly<Partial<Record<LayerCase, PolicyDocument[]>>> = {
    'narrow service control policy': [allButCreateGrant],
    'denying service control policy': [allowAll, denyCreateGrant],
  };
  const chosen = (layer === undefined ? undefined : service[layer]) ?? [allowAll];
  const resource = statements({ ...deny('kms:CreateGrant', '*'), Principal: '*' });
  return {
    serviceControlPolicies: [{ target: 'r-abcd', policies: chosen.map(named) }],
    resourceControlPolicies:
      layer === 'denying resource control policy' ? [{ target: 'r-abcd', policies: [named(resource)] }] : [],
  };
};
