import FakeTimers from '@sinonjs/fake-timers';
import type { EventBridgeEvent, Ground } from './call.ts';
import { emptyState, type State } from './state.ts';

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
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
  const alarms = new Set<Alarm>();
  /** What goes on beside the queue, and what went wrong with it. */
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let stir = Promise.withResolvers<void>();
  let order = 0;
  let ids = 0;

  const now = () => new Date(clock.Date.now());
  const stirred = () => {
    stir.resolve();
    stir = Promise.withResolvers<void>();
  };
  const moveTo = (milliseconds: number) => {
    clock.setSystemTime(Math.max(milliseconds, now().getTime()));
    for (const { at, ring } of alarms) if (at <= now().getTime()) ring();
    stirred();
  };

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
    /** @returns how to call it off */
    after(seconds: number, run: () => void | Promise<void>): () => void {
      order += 1;
      const task: Task = { at: now().getTime() + seconds * 1000, order, run };
      tasks.push(task);
      return () => {
        const place = tasks.indexOf(task);
        if (place >= 0) tasks.splice(place, 1);
      };
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

    /**
     * Begins something that goes on beside the queue, and beside others of its kind. Time passes only by what these call
     * until all have ended, and what falls due meanwhile happens meanwhile.
     */
    beside(run: () => Promise<void>): void {
      const running = run()
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          underWay.delete(running);
          stirred();
        });
      underWay.add(running);
    },

    /**
     * Rings once, as soon as the time has come. Unlike a task, it is nothing to wait for: no time passes on its account.
     * @returns how to call it off
     */
    alarm(seconds: number, ring: () => void): () => void {
      const alarm: Alarm = {
        at: now().getTime() + seconds * 1000,
        ring: () => {
          alarms.delete(alarm);
          ring();
        },
      };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },

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
        const isDue = next !== undefined && next.at <= Math.min(end, now().getTime());
        if (failures.length > 0) throw failures.shift();
        if (underWay.size > 0 && !isDue) {
          await stir.promise;
          continue;
        }
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
