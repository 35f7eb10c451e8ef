import { authorize, type Decision } from '#shared/policy/authorize';
import type { ContextRecord } from '#shared/policy/context';
import type { Facts } from '#shared/policy/facts';
import type { Request } from '#shared/policy/request';
import { type FactsRecord, readFacts } from './facts-record.ts';
import { type Question, requestsOf, withRecord } from './question.ts';

/** What was asked, put to the facts. */
export interface Simulation {
  readonly facts: Facts;
  /** All that the acquisition asks of the key. */
  readonly requests: readonly Request[];
  /** The one that tells: what was asked, or where that is not named the first that is refused. */
  readonly request: Request;
  readonly decision: Decision;
}

/** What the facts tell of every request for the key. A key without an alias carries none. */
const contextOfKey = ({ key: { aliases } }: FactsRecord): ContextRecord =>
  aliases.known ? { 'kms:ResourceAliases': aliases.value.length === 0 ? null : aliases.value } : {};

const TELLING = ['denied', 'undetermined', 'allowed'] as const;

/** `null` where the question comes to no request. */
export const simulate = (question: Question, record: FactsRecord): Simulation | null => {
  const facts = readFacts(record);
  const principal = withRecord(question.principal, record.principal);
  const { asked, all } = requestsOf({ ...question, principal }, contextOfKey(record));
  const answers = (asked === null ? all : [asked]).map((request) => ({ request, decision: authorize(request, facts) }));
  const told = TELLING.flatMap((decision) => answers.filter((answer) => answer.decision.decision === decision))[0];
  return told === undefined ? null : { facts, requests: all, ...told };
};
