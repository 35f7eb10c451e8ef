import { expect, it } from 'vitest';
import { ROLE_NAME } from './generated.ts';
import { retiring } from './retiring.ts';
import { ACQUIRE, document, ONE_TIME, ONE_TIME_MRK } from './roles.ts';

const of = (name: string) => `arn:aws:iam::111122223333:policy/${name}`;

const actionsIn = (statement: unknown): string[] => [Reflect.get(Object(statement), 'Action')].flat().map(String);

it('the function is allowed what it does, and nothing that it never does', async () => {
  const both = document(ACQUIRE, ONE_TIME_MRK);
  const world = await retiring({
    policies: [
      { name: 'acquire', text: both },
      { name: 'once', text: document(ONE_TIME) },
      { name: of('CadoResponseAcquire'), text: both },
      { name: of('CadoResponseOnce'), text: document(ONE_TIME) },
    ],
  });
  const { iam } = world.account.services;
  for (let version = 2; version <= 5; version += 1) {
    await iam.CreatePolicyVersion({
      input: { PolicyArn: of('CadoResponseAcquire'), PolicyDocument: both, SetAsDefault: version === 5 },
      session: world.account.openSession(world.role, 'admin'),
      region: 'us-east-1',
      requestId: 'r',
    });
  }
  await world.account.ground.settle(60);
  expect(await world.start({ roleName: ROLE_NAME })).toMatchObject({ verdict: 'retired' });
  expect(await world.start({ action: 'restore', roleName: ROLE_NAME })).toMatchObject({ verdict: 'restored' });

  const made = new Set(world.account.calls.map(({ api }) => api));
  expect(world.account.calls.filter(({ error }) => /AccessDenied|Unauthorized/.test(error ?? ''))).toEqual([]);
  const fn = world.account.template.functions.find(({ folder }) => folder === 'retire-permission');
  const allowed = new Set(fn?.policies.flatMap(({ Statement }) => Statement.flatMap(actionsIn)));
  // Of another account's role: this one is at home.
  allowed.delete('sts:AssumeRole');
  expect([...allowed].filter((action) => !made.has(action))).toEqual([]);
});

it('no policy of the function names a role or a policy beyond the patterns for its writes', async () => {
  const world = await retiring();
  const fn = world.account.template.functions.find(({ folder }) => folder === 'retire-permission');
  const statements = fn?.policies.flatMap(({ Statement }) => Statement) ?? [];
  const writes = statements.filter((statement) =>
    actionsIn(statement).some((action) => /^iam:(Put|Delete|Create|Set|Attach|Detach|Tag)/.test(action)),
  );
  expect(writes.length).toBeGreaterThanOrEqual(3);
  for (const statement of writes) {
    const resources = [Reflect.get(Object(statement), 'Resource')].flat().map(String);
    for (const resource of resources) expect(resource).toMatch(/:111122223333:(role|policy)\/(\*\/)?\*CadoResponse\*$/);
  }
});
