import { expect, it } from 'vitest';
import { EDITORS, expectNoticed, meet } from './editors.ts';

it.each(EDITORS)(
  'an editor $name, at every moment of a retirement: no lost update goes unnoticed',
  { timeout: 900_000 },
  async (editor) => {
    const { world } = await meet(editor, 0);
    // From the end of the look for other editors on, the retirement is over: what comes later is drift.
    const last = world.account.calls.findLastIndex(({ api }) => api === 'cloudtrail:LookupEvents');
    expect(last).toBeGreaterThan(10);
    await world.end();
    const failures: string[] = [];
    for (let nth = 1; nth <= last; nth += 1) {
      const meeting = await meet(editor, nth);
      try {
        expectNoticed(meeting);
      } catch {
        failures.push(`after call ${nth}: ${meeting.report.verdict}, ${meeting.report.because}`);
      }
      await meeting.world.end();
    }
    expect(failures).toEqual([]);
  },
);
