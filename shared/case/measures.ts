import type { CaseReport } from './report.ts';

/** A figure of a case, under the name that the dashboard of `template.yaml` asks for. */
export interface Measure {
  readonly name: string;
  readonly unit: 'Count' | 'Seconds';
  readonly value: number;
}

/** Seconds from the first refusal, or else from the opening, to the first evidence; `null` where there is none. */
const secondsToPreserved = ({ timeline, openedAt }: CaseReport): number | null => {
  const from = timeline.find(({ kind }) => kind === 'refused')?.at ?? openedAt;
  const until = timeline.find(({ kind }) => kind === 'preserved')?.at ?? null;
  return until === null ? null : Math.max(0, (Date.parse(until) - Date.parse(from)) / 1_000);
};

/** What a case has come to, in figures. A route that is closed is none. */
export const measuresOf = (report: CaseReport): readonly Measure[] => {
  const seconds = secondsToPreserved(report);
  return [
    { name: report.verdict, unit: 'Count', value: 1 },
    ...report.outcomes
      .filter(({ result }) => result === 'preserved' || result === 'failed')
      .map(({ route, result }) => ({ name: `${route}-${result}`, unit: 'Count', value: 1 }) as const),
    ...(seconds === null ? [] : [{ name: 'secondsToPreserved', unit: 'Seconds', value: seconds } as const]),
  ];
};
