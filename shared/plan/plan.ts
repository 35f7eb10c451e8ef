import type { RouteName } from '#shared/case/case';

/** What each route's assessment came to. INVARIANT: a route that could not be assessed is closed. */
export interface Openness {
  readonly open: boolean;
  readonly because: string | null;
  readonly remedy: string | null;
}

export interface PlannedRoute {
  readonly route: RouteName;
  readonly open: boolean;
  /** Why it is closed, or what is foreseen of it where it is open. */
  readonly because: string | null;
  readonly remedy: string | null;
}

/**
 * The routes in the order in which they take: what a host remembers goes first, then what stands on its disks, encrypted
 * before unencrypted. All are tried; instructions for a person follow where none has preserved anything.
 */
const ORDER = ['ssm-triage', 're-encrypt', 'unencrypted-copy', 'manual'] as const satisfies readonly RouteName[];

/** The routes for a target, in order. `manual` is always open: instructions can always be written. */
export const planOf = (
  assessments: Readonly<Record<Exclude<(typeof ORDER)[number], 'manual'>, Openness>>,
): readonly PlannedRoute[] =>
  ORDER.map((route) => {
    if (route === 'manual') return { route, open: true, because: null, remedy: null };
    const { open, because, remedy } = assessments[route];
    return { route, open, because, remedy };
  });
