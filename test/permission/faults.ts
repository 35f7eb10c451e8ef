import { expect } from 'vitest';
import type { Fault } from '#local/account/clients';
import { ROLE_NAME } from './generated.ts';
import { type Retiring, retiring } from './retiring.ts';
import { ACQUIRE, document, ONE_TIME, ONE_TIME_MRK } from './roles.ts';

export const MANAGED = 'arn:aws:iam::111122223333:policy/MyCadoResponsePolicy';
const MORE = document(ACQUIRE, { ...ACQUIRE, Sid: 'Other' }, ONE_TIME_MRK);

/** Every kind of edit at once. */
const POLICIES = [
  { name: 'acquire', text: document(ACQUIRE, ONE_TIME) },
  { name: 'once', text: document(ONE_TIME) },
  { name: MANAGED, text: MORE },
] as const;
export const BEFORE = Object.fromEntries(POLICIES.map(({ name, text }) => [name, text]));
export const PLANNED = { acquire: document(ACQUIRE), [MANAGED]: document(ACQUIRE, { ...ACQUIRE, Sid: 'Other' }) };

export const start = async (faults: readonly Fault[] = []): Promise<{ world: Retiring; ended: unknown }> => {
  const world = await retiring({ policies: POLICIES, faults });
  const ended = await world.start({ roleName: ROLE_NAME, force: true }).catch((error: Error) => error);
  return { world, ended };
};

/** As before or as planned, never in between; and what was there can be had again. */
export const expectWhole = (world: Retiring): void => {
  const now = JSON.stringify(world.texts());
  expect([JSON.stringify(BEFORE), JSON.stringify(PLANNED)]).toContain(now);
  const [report] = world.permissions();
  expect(report).toBeDefined();
  if (now === JSON.stringify(PLANNED)) {
    expect(report?.verdict).toBe('retired');
    expect(Object.fromEntries(report?.edits.map(({ policy, before }) => [policy, before]) ?? [])).toEqual(BEFORE);
    const original = world.account.store
      .latest()
      .get(`${world.account.bucket}/cases/${report?.caseId}/permission/original.json`)
      ?.toString();
    for (const text of Object.values(BEFORE)) expect(original).toContain(JSON.stringify(text));
  }
  expect(world.account.lambda.executions.all().every(({ status }) => status === 'SUCCEEDED')).toBe(true);
};
