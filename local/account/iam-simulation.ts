import type {
  EvaluationResult,
  SimulatePrincipalPolicyCommandInput,
  SimulatePrincipalPolicyCommandOutput,
} from '@aws-sdk/client-iam';
import type { Call, Ground } from './call.ts';
import { answered, type IamEntities } from './iam-entities.ts';
import { judge } from './judge.ts';
import type { RoleSession } from './state.ts';

type Decision = NonNullable<EvaluationResult['EvalDecision']>;

/**
 * The policy simulator of IAM, for a role's own policies.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export const iamSimulation = (ground: Ground, entities: IamEntities) => ({
  SimulatePrincipalPolicy: async (
    call: Call<SimulatePrincipalPolicyCommandInput>,
  ): Promise<SimulatePrincipalPolicyCommandOutput> => {
    const { PolicySourceArn = '', ActionNames = [], ResourceArns = ['*'], ContextEntries = [] } = call.input;
    const role = entities.roleNamed(call, PolicySourceArn.split('/').at(-1));
    const { policies } = entities.roleShown(role);
    const session: RoleSession = {
      role: { ...role, identityPolicies: [...policies] },
      sessionName: 'simulated',
      arn: `arn:aws:sts::${role.accountId}:assumed-role/${role.name}/simulated`,
      accessKeyId: '',
      sessionPolicy: null,
      startedAt: ground.now(),
    };
    const context = Object.fromEntries(
      ContextEntries.map(({ ContextKeyName = '', ContextKeyValues = [] }) => [ContextKeyName, ContextKeyValues]),
    );
    const decide = async (action: string, arn: string): Promise<Decision> => {
      try {
        const resource = { arn, accountId: role.accountId };
        const limits = { resourcePolicy: null, serviceControlPolicies: [], resourceControlPolicies: [] };
        const verdict = await judge({ session, action, resource, context, ...limits });
        if (verdict.allowed) return 'allowed';
        return verdict.explicit ? 'explicitDeny' : 'implicitDeny';
      } catch {
        // An action that has no such resource: nothing allows it there.
        return 'implicitDeny';
      }
    };
    const EvaluationResults: EvaluationResult[] = [];
    for (const action of ActionNames) {
      for (const arn of ResourceArns) {
        const EvalDecision = await decide(action, arn);
        EvaluationResults.push({ EvalActionName: action, EvalResourceName: arn, EvalDecision });
      }
    }
    return { $metadata: answered(call), EvaluationResults, IsTruncated: false };
  },
});
