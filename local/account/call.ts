import type { RoleSession, State } from './state.ts';

/** One API call as a service of the embedded account receives it. */
export interface Call<Input = unknown> {
  readonly input: Input;
  readonly session: RoleSession;
  readonly region: string;
  readonly requestId: string;
}

export interface EventBridgeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What every service of the embedded account stands on: the state, the time, and a bus to report to. */
export interface Ground {
  readonly state: State;
  /** The virtual time. */
  now(): Date;
  /** Does `task` when the virtual time has moved on by so many seconds. */
  after(seconds: number, task: () => void | Promise<void>): void;
  /** Puts an event on the default bus of its account and Region, that many virtual seconds from now. */
  emit(event: EventBridgeEvent, afterSeconds: number): void;
  /** A resource id of AWS's form, `vol-0` and 16 hex digits; the same sequence in every run. */
  resourceId(prefix: 'vol' | 'snap' | 'i'): string;
  /** A UUID; the same sequence in every run. */
  uuid(): string;
}
