import type { Disagreement } from './disagreements.ts';
import { type Answer, theirs } from './engines.ts';
import type { Respelling } from './respelling.ts';

const PERMISSIVE = [
  'allowed',
  'undetermined',
  'implicitly denied',
  'explicitly denied',
] as const satisfies readonly Answer[];

/** What readings come to of which AWS does not say which is right. */
const agreed = (answers: readonly Answer[]): Answer => {
  const [first = 'undetermined', ...others] = answers;
  if (others.every((answer) => answer === first)) return first;
  return answers.every((answer) => answer.endsWith('denied')) ? 'implicitly denied' : 'undetermined';
};

const mostPermissive = (answers: readonly Answer[]): Answer =>
  PERMISSIVE.find((answer) => answers.includes(answer)) ?? 'undetermined';

/** What iam-simulate answers once it reads a request as the given entries say that AWS documents it. */
export const documented = async (respelling: Respelling, entries: readonly Disagreement[]): Promise<Answer> => {
  const all = (readings: readonly Respelling[]) => Promise.all(readings.map((reading) => documented(reading, entries)));
  if ('alike' in respelling) return agreed(await all(respelling.alike));
  if ('anyOf' in respelling) return mostPermissive(await all(respelling.anyOf));
  for (const { respelled } of entries) {
    const other = respelled(respelling);
    if (other !== null) return documented(other, entries);
  }
  return theirs(respelling);
};
