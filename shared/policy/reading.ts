import type { Known } from './known.ts';
import { type Policy, refOf, type Statement, type StatementRef } from './policy.ts';
import type { Request } from './request.ts';
import { speaksOf, unknownKeys } from './statement.ts';
import { and, or, type Truth } from './truth.ts';

/** What one layer says of a request. */
export interface Reading {
  readonly allows: Truth;
  readonly denies: Truth;
  /** The statement that allows, or denies, for sure. */
  readonly allowing: StatementRef | null;
  readonly denying: StatementRef | null;
  /** What would have to be known for a surer answer: of its allowing, and of its denying. */
  readonly openAllows: readonly string[];
  readonly openDenies: readonly string[];
}

/** A layer that does not bind the request. */
export const NOT_ASKED: Reading = {
  allows: 'yes',
  denies: 'no',
  allowing: null,
  denying: null,
  openAllows: [],
  openDenies: [],
};

export const SILENT: Reading = { ...NOT_ASKED, allows: 'no' };

const unread = (what: string): Reading => ({
  ...NOT_ASKED,
  allows: 'unknown',
  denies: 'unknown',
  openAllows: [what],
  openDenies: [what],
});

/** A statement that speaks of the request, or may. */
export interface Voice {
  readonly policy: Policy;
  readonly statement: Statement;
  readonly truth: Truth;
}

/** Whether a statement means the one who asks. Policies that are attached to a principal mean nobody else. */
export type Meant = (statement: Statement) => Truth;
const always: Meant = () => 'yes';

export const voicesIn = (policies: readonly Policy[], request: Request): readonly Voice[] =>
  policies.flatMap((policy) =>
    policy.statements.flatMap((statement) => {
      const truth = speaksOf(statement, request);
      return truth === 'no' ? [] : [{ policy, statement, truth }];
    }),
  );

const titleOf = ({ policy, statement: { sid, index } }: Voice): string =>
  `statement ${sid === null ? index : `\`${sid}\``} of ${policy.name}`;

/** What leaves it open whether a statement applies: keys of the context, else who is meant. */
const openOf = (voice: Voice, request: Request): readonly string[] => {
  const keys = unknownKeys(voice.statement, request).map((key) => `the context key \`${key}\``);
  const what = keys.length === 0 ? ['how AWS reads it here'] : keys;
  return what.map((key) => `${key}, for ${titleOf(voice)}`);
};

/** Voices, gathered by effect. */
export const gathered = (voices: readonly Voice[], request: Request, meant: Meant = always): Reading => {
  const openAllows: string[] = [];
  const openDenies: string[] = [];
  const reading = { ...SILENT, openAllows, openDenies };
  for (const voice of voices) {
    const truth = and(voice.truth, meant(voice.statement));
    if (truth === 'no') continue;
    const { effect } = voice.statement;
    const ref = truth === 'yes' ? refOf(voice.policy, voice.statement) : null;
    const open = truth === 'yes' ? [] : openOf(voice, request);
    if (effect === 'Allow') {
      reading.allows = or(reading.allows, truth);
      reading.allowing ??= ref;
      openAllows.push(...open);
    } else {
      reading.denies = or(reading.denies, truth);
      reading.denying ??= ref;
      openDenies.push(...open);
    }
  }
  return reading;
};

export const readingOf = (policies: readonly Policy[], request: Request, meant?: Meant): Reading =>
  gathered(voicesIn(policies, request), request, meant);

/** A reading of a part that may not be known. */
export const readingOfKnown = <T>(part: Known<T>, what: string, read: (value: T) => Reading): Reading =>
  part.known ? read(part.value) : unread(`${what}: ${part.because}`);

/** Several that all have to allow, and of which any may deny. */
export const together = (readings: readonly Reading[]): Reading => ({
  allows: and(...readings.map(({ allows }) => allows)),
  denies: or(...readings.map(({ denies }) => denies)),
  allowing: readings.at(-1)?.allowing ?? null,
  denying: readings.find(({ denying }) => denying !== null)?.denying ?? null,
  // One that allows for sure may have other statements that are open: they change nothing.
  openAllows: readings.flatMap(({ allows, openAllows }) => (allows === 'unknown' ? openAllows : [])),
  openDenies: readings.flatMap(({ openDenies }) => openDenies),
});
