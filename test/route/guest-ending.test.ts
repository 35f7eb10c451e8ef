import { describe, expect, it } from 'vitest';
import { endingOf } from '#shared/route/guest-ending';

describe('endingOf', () => {
  it.each([
    ['Pending', 'running'],
    ['In Progress', 'running'],
    ['InProgress', 'running'],
    ['Delayed', 'running'],
    ['Cancelling', 'running'],
    ['Success', 'ended'],
    ['Failed', 'ended'],
    ['Execution Timed Out', 'failed'],
    ['ExecutionTimedOut', 'failed'],
    ['TimedOut', 'failed'],
    ['Delivery Timed Out', 'failed'],
    ['DeliveryTimedOut', 'failed'],
    ['Cancelled', 'failed'],
    ['Undeliverable', 'failed'],
    ['Terminated', 'failed'],
    ['Invalid Platform', 'failed'],
    ['InvalidPlatform', 'failed'],
    ['Access Denied', 'failed'],
    ['AccessDenied', 'failed'],
    ['Incomplete', 'failed'],
  ])('`%s` is %s, and says so in words', (status, ending) => {
    expect(endingOf(status).ending).toBe(ending);
    expect(endingOf(status).says).toMatch(/^[a-zA-Z ]{7,}$/);
  });

  it.each(['', 'Rebooting', 'success', 'constructor', 'toString', '__proto__'])(
    '`%s`, which nobody knows, counts as running',
    (status) => {
      expect(endingOf(status)).toEqual({ ending: 'running', says: `\`${status}\`` });
    },
  );

  it('quotes at most 64 characters of a status that nobody knows', () => {
    expect(endingOf('x'.repeat(1_000)).says).toBe(`\`${'x'.repeat(64)}\``);
  });
});
