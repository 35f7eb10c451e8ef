import type {
  AttachRolePolicyCommandInput,
  CreatePolicyVersionCommandInput,
  CreatePolicyVersionCommandOutput,
  DeletePolicyVersionCommandInput,
  DeleteRolePolicyCommandInput,
  DetachRolePolicyCommandInput,
  PutRolePolicyCommandInput,
  SetDefaultPolicyVersionCommandInput,
  TagRoleCommandInput,
  UntagRoleCommandInput,
} from '@aws-sdk/client-iam';
import { readPolicy } from '#shared/policy/read-policy';
import type { Call, Ground } from './call.ts';
import { recordIamChange } from './iam-changes.ts';
import { answered, type IamEntities, iamError, isManaged, noSuchEntity, textOf } from './iam-entities.ts';
import type { ManagedPolicy, NamedPolicy, PolicyDocument, Role } from './state.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: white space does not count. */
const MOST_INLINE_CHARACTERS = 10_240;
const MOST_MANAGED_CHARACTERS = 6_144;
const MOST_VERSIONS = 5;

const counted = (text: string): number => text.replace(/\s/g, '').length;

const documentIn = (call: Call, text = ''): PolicyDocument => {
  try {
    const document: PolicyDocument = JSON.parse(text);
    const { statements } = readPolicy(text, 'attached', 'policy');
    if (statements.length > 0) return { ...document, Statement: [document.Statement].flat() };
  } catch {
    // Falls through to the refusal: IAM says no more than this either.
  }
  throw iamError(call, 'MalformedPolicyDocumentException', 'Syntax errors in policy.');
};

/** The calls that change roles and policies. Each is recorded, in us-east-1, where IAM records everything. */
export const iamWrites = (ground: Ground, entities: IamEntities) => {
  const { roleNamed, managedNamed, changeRole, changeManaged } = entities;
  const done = (call: Call) => ({ $metadata: answered(call) });

  const ownManaged = (call: Call, arn = ''): ManagedPolicy => {
    const policy = managedNamed(call, arn);
    if (arn.split(':')[4] === 'aws') throw iamError(call, 'AccessDenied', `Policy ${arn} cannot be changed.`, 403);
    return policy;
  };

  const versionIn = (call: Call, { arn, versions }: ManagedPolicy, id: string | undefined) => {
    const version = versions.find(({ versionId }) => versionId === id);
    if (version === undefined) throw noSuchEntity(call, `Policy ${arn} version ${id} does not exist.`);
    return version;
  };

  const replaced = (role: Role, policies: readonly NamedPolicy[]): void =>
    changeRole(role, ({ identityPolicies }) => void identityPolicies.splice(0, identityPolicies.length, ...policies));

  return {
    PutRolePolicy: async (call: Call<PutRolePolicyCommandInput>) => {
      const { RoleName, PolicyName = '', PolicyDocument: text = '' } = call.input;
      const role = roleNamed(call, RoleName);
      const policy: NamedPolicy = { name: PolicyName, document: documentIn(call, text), text };
      const others = role.identityPolicies.filter(({ name }) => name !== PolicyName);
      const inline = [...others.filter((one) => !isManaged(one)), policy];
      if (inline.reduce((sum, one) => sum + counted(textOf(one)), 0) > MOST_INLINE_CHARACTERS) {
        const limit = `Maximum policy size of ${MOST_INLINE_CHARACTERS} bytes exceeded for role ${role.name}`;
        throw iamError(call, 'LimitExceededException', limit, 409);
      }
      const isNew = others.length === role.identityPolicies.length;
      replaced(
        role,
        isNew
          ? [...role.identityPolicies, policy]
          : role.identityPolicies.map((one) => (one.name === PolicyName ? policy : one)),
      );
      recordIamChange(ground, call, 'PutRolePolicy', [role.name], {
        roleName: RoleName,
        policyName: PolicyName,
        policyDocument: text,
      });
      return done(call);
    },

    DeleteRolePolicy: async (call: Call<DeleteRolePolicyCommandInput>) => {
      const { RoleName, PolicyName = '' } = call.input;
      const role = roleNamed(call, RoleName);
      const kept = role.identityPolicies.filter((one) => isManaged(one) || one.name !== PolicyName);
      if (kept.length === role.identityPolicies.length)
        throw noSuchEntity(call, `The role policy with name ${PolicyName} cannot be found.`);
      replaced(role, kept);
      recordIamChange(ground, call, 'DeleteRolePolicy', [role.name], { roleName: RoleName, policyName: PolicyName });
      return done(call);
    },

    AttachRolePolicy: async (call: Call<AttachRolePolicyCommandInput>) => {
      const { RoleName, PolicyArn = '' } = call.input;
      const role = roleNamed(call, RoleName);
      const policy = managedNamed(call, PolicyArn);
      const { document, text } = versionIn(call, policy, policy.defaultVersionId);
      const others = role.identityPolicies.filter(({ name }) => name !== PolicyArn);
      replaced(role, [...others, { name: PolicyArn, document, text }]);
      recordIamChange(ground, call, 'AttachRolePolicy', [role.name, PolicyArn], {
        roleName: RoleName,
        policyArn: PolicyArn,
      });
      return done(call);
    },

    DetachRolePolicy: async (call: Call<DetachRolePolicyCommandInput>) => {
      const { RoleName, PolicyArn = '' } = call.input;
      const role = roleNamed(call, RoleName);
      // It goes on to exist where no role has it.
      managedNamed(call, PolicyArn);
      const kept = role.identityPolicies.filter(({ name }) => name !== PolicyArn);
      if (kept.length === role.identityPolicies.length) throw noSuchEntity(call, `Policy ${PolicyArn} was not found.`);
      replaced(role, kept);
      recordIamChange(ground, call, 'DetachRolePolicy', [role.name, PolicyArn], {
        roleName: RoleName,
        policyArn: PolicyArn,
      });
      return done(call);
    },

    CreatePolicyVersion: async (
      call: Call<CreatePolicyVersionCommandInput>,
    ): Promise<CreatePolicyVersionCommandOutput> => {
      const { PolicyArn, PolicyDocument: text = '', SetAsDefault = false } = call.input;
      const policy = ownManaged(call, PolicyArn);
      const document = documentIn(call, text);
      if (counted(text) > MOST_MANAGED_CHARACTERS)
        throw iamError(
          call,
          'LimitExceededException',
          `Cannot exceed quota for PolicySize: ${MOST_MANAGED_CHARACTERS}`,
          409,
        );
      if (policy.versions.length >= MOST_VERSIONS) {
        const limit =
          'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.';
        throw iamError(call, 'LimitExceededException', limit, 409);
      }
      const versionId = `v${policy.next}`;
      changeManaged(policy, {
        ...policy,
        versions: [...policy.versions, { versionId, document, text, createdAt: ground.now() }],
        defaultVersionId: SetAsDefault ? versionId : policy.defaultVersionId,
        next: policy.next + 1,
      });
      recordIamChange(ground, call, 'CreatePolicyVersion', [policy.arn], {
        policyArn: PolicyArn,
        policyDocument: text,
        setAsDefault: SetAsDefault,
      });
      const PolicyVersion = { VersionId: versionId, IsDefaultVersion: SetAsDefault, CreateDate: ground.now() };
      return { ...done(call), PolicyVersion };
    },

    DeletePolicyVersion: async (call: Call<DeletePolicyVersionCommandInput>) => {
      const { PolicyArn, VersionId } = call.input;
      const policy = ownManaged(call, PolicyArn);
      versionIn(call, policy, VersionId);
      if (VersionId === policy.defaultVersionId)
        throw iamError(call, 'DeleteConflictException', 'Cannot delete the default version of a policy.', 409);
      changeManaged(policy, {
        ...policy,
        versions: policy.versions.filter(({ versionId }) => versionId !== VersionId),
      });
      recordIamChange(ground, call, 'DeletePolicyVersion', [policy.arn], {
        policyArn: PolicyArn,
        versionId: VersionId,
      });
      return done(call);
    },

    SetDefaultPolicyVersion: async (call: Call<SetDefaultPolicyVersionCommandInput>) => {
      const { PolicyArn, VersionId = '' } = call.input;
      const policy = ownManaged(call, PolicyArn);
      versionIn(call, policy, VersionId);
      changeManaged(policy, { ...policy, defaultVersionId: VersionId });
      recordIamChange(ground, call, 'SetDefaultPolicyVersion', [policy.arn], {
        policyArn: PolicyArn,
        versionId: VersionId,
      });
      return done(call);
    },

    TagRole: async (call: Call<TagRoleCommandInput>) => {
      const { RoleName, Tags = [] } = call.input;
      const given = Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value]));
      changeRole(roleNamed(call, RoleName), (role) => {
        role.tags = { ...role.tags, ...given };
      });
      recordIamChange(ground, call, 'TagRole', [RoleName ?? ''], { roleName: RoleName, tags: Tags });
      return done(call);
    },

    UntagRole: async (call: Call<UntagRoleCommandInput>) => {
      const { RoleName, TagKeys = [] } = call.input;
      changeRole(roleNamed(call, RoleName), (role) => {
        role.tags = Object.fromEntries(Object.entries(role.tags ?? {}).filter(([key]) => !TagKeys.includes(key)));
      });
      recordIamChange(ground, call, 'UntagRole', [RoleName ?? ''], { roleName: RoleName, tagKeys: TagKeys });
      return done(call);
    },
  };
};
