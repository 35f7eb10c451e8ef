import { z } from 'zod';
import type { EmbeddedAccount } from '#local/account/embedded-account';
import type { Tried } from '#local/scenario/trial';
import type { Output } from './options.ts';

/** A report of readiness, as far as it is compared. */
const Report = z.object({
  startedAt: z.string(),
  rows: z.array(
    z.object({
      instanceId: z.string().nullable(),
      name: z.string().nullable(),
      verdict: z.enum(['ready', 'refused', 'undetermined']),
      volumes: z.array(z.object({ situation: z.string() })),
    }),
  ),
  outlooks: z.array(z.object({ id: z.string(), refusals: z.array(z.object({ cause: z.string().nullable() })) })),
});

/** What readiness said of a machine, and what AWS then really answered. */
export interface Compared {
  readonly instanceId: string;
  readonly name: string | null;
  readonly verdict: 'ready' | 'refused' | 'undetermined';
  readonly causes: readonly string[];
  readonly acquired: boolean;
  readonly because: string | null;
  /** `null`: an undetermined verdict claims nothing. */
  readonly agrees: boolean | null;
}

/** The reports of readiness in the bucket, the oldest first: what was asked later of one machine counts for it. */
const reportsIn = (account: EmbeddedAccount) =>
  [...account.store.latest()]
    .filter(([key]) => key.endsWith('/readiness.json'))
    .map(([, body]) => Report.parse(JSON.parse(body.toString())))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));

/** Readiness beside what happened where the acquisitions were tried. */
export const comparedIn = (account: EmbeddedAccount, tried: readonly Tried[]): readonly Compared[] => {
  const said = new Map<string, Pick<Compared, 'name' | 'verdict' | 'causes'>>();
  for (const { rows, outlooks } of reportsIn(account)) {
    const byId = new Map(outlooks.map((outlook) => [outlook.id, outlook]));
    for (const { instanceId, name, verdict, volumes } of rows) {
      const refusals = volumes.flatMap(({ situation }) => byId.get(situation)?.refusals ?? []);
      const causes =
        verdict === 'undetermined'
          ? ['undetermined']
          : [...new Set(refusals.map(({ cause }) => cause ?? 'undetermined'))];
      if (instanceId !== null) said.set(instanceId, { name, verdict, causes });
    }
  }
  return tried.flatMap(({ instanceId, acquired, because }) => {
    const told = said.get(instanceId);
    if (told === undefined) return [];
    const agrees = told.verdict === 'undetermined' ? null : (told.verdict === 'ready') === acquired;
    return [{ instanceId, ...told, acquired, because, agrees }];
  });
};

const cut = (text: string): string => (text.length > 110 ? `${text.slice(0, 109)}…` : text);

/** Prints the comparison, machine by machine. */
export const tellAgreement = (output: Output, compared: readonly Compared[]): void => {
  output.say('\nreadiness, and what AWS answered');
  for (const { name, instanceId, verdict, causes, acquired, because, agrees } of compared) {
    const sign = agrees === null ? '?' : agrees ? '=' : '≠';
    const answer = acquired ? 'acquired' : cut(because ?? 'refused');
    output.say(
      `  ${sign} ${(name ?? instanceId).padEnd(20)} ${verdict.padEnd(13)} ${causes.join(', ').padEnd(30)} ${answer}`,
    );
  }
  const claimed = compared.filter(({ agrees }) => agrees !== null);
  const agreeing = claimed.filter(({ agrees }) => agrees === true);
  const share = claimed.length === 0 ? 0 : (agreeing.length * 100) / claimed.length;
  output.say(
    `agreement: ${agreeing.length} of ${claimed.length} (${share.toFixed(0)} %), ${compared.length - claimed.length} undetermined`,
  );
};
