import {
  AddUserToGroupCommand,
  AttachRolePolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { beforeAll, expect, it } from 'vitest';
import { readPrincipalFacts } from '#shared/aws/principal-facts';
import { ACCOUNT, sessionIn, TARGET, withMoto } from './account.ts';

const document = (action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
});

withMoto('principals', () => {
  const iam = new IAMClient({});
  let boundaryArn = '';
  beforeAll(async () => {
    const create = async (name: string, action: string): Promise<string> => {
      const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: name, PolicyDocument: document(action) }),
      );
      return Policy?.Arn ?? '';
    };
    boundaryArn = await create('boundary', 'ec2:*');
    const managed = await create('managed', 'kms:CreateGrant');
    const RoleName = 'myCadoResponseRole';
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust, PermissionsBoundary: boundaryArn }),
    );
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'inline', PolicyDocument: document('kms:Decrypt') }),
    );
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: managed }));
    const [UserName, GroupName] = ['responder', 'responders'];
    await iam.send(new CreateUserCommand({ UserName }));
    await iam.send(new CreateGroupCommand({ GroupName }));
    await iam.send(new AddUserToGroupCommand({ UserName, GroupName }));
    await iam.send(new PutGroupPolicyCommand({ GroupName, PolicyName: 'inline', PolicyDocument: document('kms:*') }));
  });

  it('a role is read with its policies, inline and managed, and its boundary; the documents as they were written', async () => {
    const facts = await readPrincipalFacts(await sessionIn(), [], `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`);
    expect(facts).toMatchObject({
      arn: `arn:aws:iam::${ACCOUNT}:role/myCadoResponseRole`,
      uniqueId: expect.stringMatching(/^AROA/),
      permissionsBoundary: { known: true, value: { name: boundaryArn, document: document('ec2:*') } },
    });
    expect(facts.identityPolicies).toEqual({
      known: true,
      value: [
        { name: 'inline', document: document('kms:Decrypt') },
        { name: `arn:aws:iam::${ACCOUNT}:policy/managed`, document: document('kms:CreateGrant') },
      ],
    });
  });

  it('a user is read with what its groups give it', async () => {
    const facts = await readPrincipalFacts(await sessionIn(), [], `arn:aws:iam::${ACCOUNT}:user/responder`);
    expect(facts.identityPolicies).toEqual({
      known: true,
      value: [{ name: 'responders/inline', document: document('kms:*') }],
    });
    expect(facts.permissionsBoundary).toEqual({ known: true, value: null });
  });

  it('a role that is not there is not known, and said to be so', async () => {
    const facts = await readPrincipalFacts(await sessionIn(), [], `arn:aws:iam::${ACCOUNT}:role/nobody`);
    expect(facts.identityPolicies).toEqual({ known: false, because: 'iam:ListRolePolicies found nothing' });
  });

  it('another account is worked in by the member role, and named so in the custody log', async () => {
    const session = await sessionIn(TARGET);
    expect(await session.caller).toBe(`arn:aws:sts::${TARGET}:assumed-role/UnlatchMember/unlatch`);
  });
});
