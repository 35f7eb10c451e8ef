import { describe, expect, it } from 'vitest';
import { EDITORS, expectNoticed, meet } from './editors.ts';

/** Moments around the write. The slow proof takes every one. */
describe('an editor', () => {
  it.each(EDITORS)('$name: no lost update goes unnoticed', async (editor) => {
    const { world } = await meet(editor, 0);
    const write = world.account.calls.findIndex(({ api }) => /^iam:(PutRolePolicy|CreatePolicyVersion)$/.test(api)) + 1;
    expect(write).toBeGreaterThan(0);
    await world.end();
    for (const nth of [write - 2, write - 1, write, write + 1, write + 4]) {
      const meeting = await meet(editor, nth);
      expect(meeting.met).toBe(true);
      expectNoticed(meeting);
      await meeting.world.end();
    }
  });
});
