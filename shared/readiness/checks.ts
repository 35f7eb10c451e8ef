import type { Custody } from '#shared/aws/session';
import type { Settings } from '#shared/settings';
import type { HealthCheck } from './report.ts';
import type { Shelf } from './shelf.ts';

/** What a look at the platform itself works with. */
export interface Looking {
  readonly settings: Settings;
  readonly shelf: Shelf;
  readonly custody: Custody;
  /** What the fleet shows to be in use. */
  readonly seen: Seen;
}

/** What a look at the fleet has shown. */
export interface Seen {
  readonly encrypted: boolean;
  readonly ways: readonly string[];
  /** Machines that can be reached by Systems Manager. */
  readonly reachable: number;
}

export const good = (check: string, found: string): HealthCheck => ({ check, result: 'good', found, remedy: null });
export const note = (check: string, found: string, remedy: string | null = null): HealthCheck => ({
  check,
  result: 'note',
  found,
  remedy,
});
export const bad = (check: string, found: string, remedy: string): HealthCheck => ({
  check,
  result: 'bad',
  found,
  remedy,
});
export const untold = (check: string, because: string): HealthCheck => ({
  check,
  result: 'unknown',
  found: `This could not be read: ${because}.`,
  remedy: null,
});
