import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '#shared/policy/authorize';
import type { Layer } from '#shared/policy/layer';
import { DISAGREEMENTS, type Disagreement } from './disagreements.ts';
import { documented } from './documented.ts';
import { type Answer, answerOf, documentsOf, ours, theirs } from './engines.ts';
import { OPERATORS } from './generated-context.ts';
import { type GeneratedRequest, requests } from './generated-requests.ts';

/**
 * The authorizer against an engine with which it shares no code. Where the two differ, AWS's documentation is the judge,
 * by an entry in `disagreements.ts`.
 */
const SEED = 20_260_301;
const REQUESTS = 5_000;

interface Compared {
  readonly request: GeneratedRequest;
  readonly decision: Decision;
  readonly ours: Answer;
  readonly theirs: Answer;
  /** Their answer, once they are asked in words that they read as AWS documents. */
  readonly right: Answer;
  /** The disagreement that by itself explains a difference; `null` where none does, or there is none. */
  readonly excuse: Disagreement | null;
}

const excuseFor = async (request: GeneratedRequest, ours: Answer): Promise<Disagreement | null> => {
  for (const disagreement of DISAGREEMENTS)
    if (disagreement.respelled(request) !== null && (await documented(request, [disagreement])) === ours)
      return disagreement;
  return null;
};

/** Two engines can be wrong alike: so many of the requests that they answer alike are respelled all the same. */
const ONE_OF = 3;

const compared = async (request: GeneratedRequest, at: number): Promise<Compared> => {
  const decision = ours(request);
  const answers = { ours: answerOf(decision), theirs: await theirs(request) };
  if (answers.ours === answers.theirs && at % ONE_OF > 0)
    return { request, decision, ...answers, right: answers.theirs, excuse: null };
  const right = await documented(request, DISAGREEMENTS);
  const excuse = answers.ours === answers.theirs ? null : await excuseFor(request, answers.ours);
  return { request, decision, ...answers, right, excuse };
};

const readable = ({ request, ours, theirs, right }: Compared) =>
  JSON.stringify({ ours, theirs, right, request: { ...request, ...documentsOf(request) } });

describe('the authorizer and iam-simulate', () => {
  const all: Compared[] = [];
  const share = (isCounted: (one: Compared) => boolean): number => all.filter(isCounted).length / all.length;

  beforeAll(async () => {
    const asked = fc.sample(requests, { seed: SEED, numRuns: REQUESTS });
    for (const [at, request] of asked.entries()) all.push(await compared(request, at));
  }, 120_000);

  it('answer alike what AWS documents, once theirs is asked in words that it reads so', () => {
    expect(all.filter(({ ours, right }) => ours !== right).map(readable)).toEqual([]);
  });

  it('answer nine requests of ten alike', () => {
    expect(share(({ ours, theirs }) => ours === theirs)).toBeGreaterThan(0.9);
  });

  it.each(DISAGREEMENTS)('differ in that $claim', (disagreement) => {
    expect(all.filter(({ excuse }) => excuse === disagreement).length).toBeGreaterThan(0);
  });

  it('are asked what is allowed a third of the time', () => {
    const allowed = share(({ decision }) => decision.decision === 'allowed');
    expect(allowed).toBeGreaterThan(0.25);
    expect(allowed).toBeLessThan(0.45);
  });

  it.each<{ layer: Layer; explicit: boolean; least: number }>([
    { layer: 'service-control-policy', explicit: true, least: 0.02 },
    { layer: 'service-control-policy', explicit: false, least: 0.04 },
    { layer: 'resource-control-policy', explicit: true, least: 0.02 },
    { layer: 'key-policy', explicit: true, least: 0.01 },
    { layer: 'key-policy', explicit: false, least: 0.06 },
    { layer: 'identity-policy', explicit: true, least: 0.01 },
    { layer: 'identity-policy', explicit: false, least: 0.08 },
    { layer: 'permissions-boundary', explicit: true, least: 0.003 },
    { layer: 'permissions-boundary', explicit: false, least: 0.01 },
    { layer: 'session-policy', explicit: true, least: 0.002 },
    { layer: 'session-policy', explicit: false, least: 0.005 },
    { layer: 'vpc-endpoint-policy', explicit: true, least: 0.004 },
    { layer: 'vpc-endpoint-policy', explicit: false, least: 0.02 },
  ])('are asked what is refused by the $layer, explicitly: $explicit', ({ layer, explicit, least }) => {
    const refused = share(({ decision }) => decision.layer === layer && decision.explicit === explicit);
    expect(refused).toBeGreaterThan(least);
  });

  it.each<{ what: string; isSo: (request: GeneratedRequest) => boolean; least: number }>([
    { what: 'sessions', isSo: ({ principal }) => principal.includes(':assumed-role/'), least: 0.1 },
    { what: 'roles', isSo: ({ principal }) => principal.includes(':role/'), least: 0.02 },
    { what: 'users', isSo: ({ principal }) => principal.includes(':user/'), least: 0.05 },
    { what: 'other accounts', isSo: ({ owner, principal }) => !principal.includes(owner), least: 0.02 },
    { what: 'kms:CreateKey', isSo: ({ action }) => action === 'kms:CreateKey', least: 0.005 },
    { what: 'service-linked roles', isSo: ({ action }) => action.startsWith('iam:'), least: 0.005 },
  ])('are asked of $what, and $least of all is allowed, and refused', ({ isSo, least }) => {
    expect(share(({ request, ours }) => isSo(request) && ours === 'allowed')).toBeGreaterThan(least);
    expect(share(({ request, ours }) => isSo(request) && ours.endsWith('denied'))).toBeGreaterThan(least);
  });

  it('are asked every operator, of one value, of all and of any, with IfExists and without', () => {
    const written = JSON.stringify(all.map(({ request }) => request)).matchAll(/"operator":"([^"]+)"/g);
    const seen = new Set([...written].map(([, operator = '']) => operator));
    const bases = [...new Set(Object.values(OPERATORS).flat())];
    const spellings = ['', 'ForAllValues:', 'ForAnyValue:'].flatMap((quantifier) =>
      bases.flatMap((base) => [`${quantifier}${base}`, `${quantifier}${base}IfExists`]),
    );
    expect(bases).toHaveLength(26);
    expect([...spellings, 'Null'].filter((operator) => !seen.has(operator))).toEqual([]);
  });
});
