import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Asked, allowedWhile, decisionBy } from './asked.ts';
import { grantedBy } from './granted.ts';
import { type Holder, holdersOf, MEMBERS, OWN } from './holders.ts';
import { everythingRehearsed } from './rehearsed.ts';
import { unseen } from './unseen.ts';

vi.mock(import('#local/account/guest'), () => import('../case/quick-guest.ts'));

let asked: readonly Asked[] = [];
const askedBy = ({ role, account }: Holder): readonly Asked[] =>
  asked.filter((one) => one.role === role && one.principal.includes(`::${account}:`));

/** What is done and would be refused. */
const missingIn = (holders: readonly Holder[]): string[] =>
  holders.flatMap((holder) =>
    askedBy(holder)
      .filter((one) => decisionBy(one, holder.policies) !== 'allowed')
      .map(({ action }) => `${holder.name} may not ${action}`),
  );

/** What is allowed and is not done. */
const idleIn = (holders: readonly Holder[]): string[] =>
  holders
    .filter(({ account }) => account === OWN || account === MEMBERS[0])
    .flatMap((holder) =>
      grantedBy(holder.policies)
        .filter(
          ({ action, alone }) =>
            !askedBy(holder).some((one) => one.action === action && decisionBy(one, [alone]) === 'allowed'),
        )
        .map(({ sid, action }) => `${holder.name} ${sid} ${action}`),
    );

/** A copy of the template with a mistake in it. */
const mistaken = (from: string, to: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'unlatch-template-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const text = readFileSync('template.yaml', 'utf8');
  expect(text).toContain(from);
  const path = join(folder, 'template.yaml');
  writeFileSync(path, text.replace(from, to));
  return path;
};

describe('the permissions of the templates', () => {
  it('let Unlatch do everything that it does', { timeout: 900_000 }, async () => {
    asked = await allowedWhile(everythingRehearsed);
    expect(asked.length).toBeGreaterThan(700);
    expect(missingIn(holdersOf())).toEqual([]);
  });

  it('let it do nothing that it does not do, but for what is listed with its reason', () => {
    expect(idleIn(holdersOf()).sort()).toEqual(Object.keys(unseen).sort());
  });

  it('are missed where one is taken away', () => {
    const path = mistaken('Action: [ec2:CreateSnapshot, ec2:CreateSnapshots]', 'Action: [ec2:CreateSnapshot]');
    expect(missingIn(holdersOf(path))).toContain('remediate may not ec2:CreateSnapshots');
  });

  it('are noticed where one is added', () => {
    const wider = mistaken('Action: ebs:CompleteSnapshot', 'Action: [ebs:CompleteSnapshot, ec2:ModifyVolume]');
    expect(idleIn(holdersOf(wider)).filter((line) => !(line in unseen))).toEqual([
      'remediate CompleteCopies ec2:ModifyVolume',
    ]);
  });
});
