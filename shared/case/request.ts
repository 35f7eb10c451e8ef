import { parse } from '#shared/signal/envelope';
import { type CaseRequest, FindingRequest, HandRequest, SignalRequest } from './case.ts';
import { folderOf } from './closing.ts';
import type { Answer } from './remediation.ts';
import type { CaseReport } from './report.ts';
import type { Tools } from './tools.ts';

/** Reads what the function was started with. @throws MalformedEventError naming the field and what was expected. */
export const parseRequest = (event: unknown): CaseRequest => {
  const has = (field: string): boolean => typeof event === 'object' && event !== null && field in event;
  if (has('joinKey')) return parse(SignalRequest, event, '');
  return has('finding') ? parse(FindingRequest, event, '') : parse(HandRequest, event, '');
};

/** What an execution returns: references, for its result may be no larger than 256 KB. A dry run returns its findings. */
export type Summary =
  | { readonly caseId: string; readonly verdict: CaseReport['verdict']; readonly evidence: string }
  | { readonly absorbedBy: string; readonly state: 'open' | 'closed' }
  | CaseReport;

export const summaryOf = (answer: Answer, tools: Tools): Summary => {
  if ('absorbedBy' in answer || answer.dryRun) return answer;
  return { caseId: answer.caseId, verdict: answer.verdict, evidence: folderOf(tools, answer.caseId) };
};
