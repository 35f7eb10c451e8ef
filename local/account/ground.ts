import FakeTimers from '@sinonjs/fake-timers';
import type { EventBridgeEvent, Ground } from './call.ts';
import { emptyState, type State } from './state.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

/** Seconds that pass while AWS answers one call. */
const CALL_SECONDS = 0.08;

/**
 * The ground of the embedded account: its state, a queue of what is still to happen, and a virtual time that moves on
 * from one thing to the next. `Date` reads the virtual time everywhere, so that reports, signatures and durable waits
 * agree on it; timers stay real, for sockets and child processes need them.
 */
export const virtualGround = (startsAt: Date, deliver: (event: EventBridgeEvent) => Promise<void>) => {
  const state: State = emptyState();
  const clock = FakeTimers.install({ now: startsAt, toFake: ['Date'], ignoreMissingTimers: true });
  const tasks: Task[] = [];
  let order = 0;
  let ids = 0;

  const now = () => new Date(clock.Date.now());
  const moveTo = (milliseconds: number) => clock.setSystemTime(Math.max(milliseconds, now().getTime()));

  const hex = (length: number): string => {
    ids += 1;
    // Well spread and the same in every run: ids that look alike would hide a mix-up.
    let value = (BigInt(ids) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
    let text = '';
    while (text.length < length) {
      value = (value ^ (value >> 29n)) & 0xffffffffffffffffn;
      value = (value * 0xbf58476d1ce4e5b9n) & 0xffffffffffffffffn;
      text += value.toString(16).padStart(16, '0');
    }
    return text.slice(0, length);
  };

  const ground = {
    state,
    now,
    after(seconds: number, run: () => void | Promise<void>): void {
      order += 1;
      tasks.push({ at: now().getTime() + seconds * 1000, order, run });
    },
    emit(event: EventBridgeEvent, afterSeconds: number): void {
      ground.after(afterSeconds, () => deliver(event));
    },
    resourceId: (prefix: 'vol' | 'snap' | 'i'): string => `${prefix}-0${hex(16)}`,
    uuid: (): string => {
      const h = hex(32);
      return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`;
    },
  } satisfies Ground;

  return {
    ...ground,

    /** Time for one call to pass. Calls that are under way at once end at once. */
    callPasses(startedAt: number): void {
      moveTo(startedAt + CALL_SECONDS * 1000);
    },

    /** Lets everything happen that is due within so many virtual seconds, in order; all of it without a bound. */
    async settle(seconds = Number.POSITIVE_INFINITY): Promise<void> {
      const end = now().getTime() + seconds * 1000;
      for (;;) {
        tasks.sort((a, b) => a.at - b.at || a.order - b.order);
        const [next] = tasks;
        if (next === undefined || next.at > end) break;
        tasks.shift();
        moveTo(next.at);
        await next.run();
      }
      if (Number.isFinite(end)) moveTo(end);
    },

    /** Gives `Date` back. */
    uninstall: () => clock.uninstall(),
  };
};

export type VirtualGround = ReturnType<typeof virtualGround>;
