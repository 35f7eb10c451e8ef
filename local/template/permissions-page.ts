import { z } from 'zod';
import type { PolicyDocument } from '../account/state.ts';

const listed = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const Statement = z.looseObject({
  Sid: z.string(),
  Action: listed,
  Resource: listed,
  Condition: z.unknown().optional(),
});

/** Whose policies they are. */
export interface Holder {
  readonly name: string;
  readonly policies: readonly PolicyDocument[];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const codes = (texts: readonly string[]): string => cell(texts.map((text) => `\`${text}\``).join(' '));

const rowsOf = ({ policies }: Holder, reasons: (sid: string, action: string) => string | undefined): string[] =>
  policies
    .flatMap(({ Statement: statements }) => statements)
    .map((statement) => {
      const { Sid, Action, Resource, Condition } = Statement.parse(statement);
      const noted = Action.flatMap((action) => {
        const reason = reasons(Sid, action);
        return reason === undefined ? [] : [reason];
      });
      const condition = Condition === undefined ? '' : codes([JSON.stringify(Condition)]);
      return `| ${Sid} | ${codes(Action)} | ${codes(Resource)} | ${condition} | ${cell([...new Set(noted)].join('; '))} |`;
    });

/**
 * `docs/permissions.md`: what each function and the member role may do, as the templates say with every parameter set.
 * @param reasons why an action stays that no rehearsal is seen to need
 */
export const permissionsPage = (
  holders: readonly Holder[],
  reasons: (holder: string, sid: string, action: string) => string | undefined,
): string =>
  [
    '# Permissions',
    '',
    'What each function may do, and the role in member accounts: from `template.yaml` and `member-template.yaml`, with every parameter that opens something set. `npm run permissions` writes this page; a test holds it to the templates.',
    '',
    '`npm run test:permissions` rehearses everything that Unlatch does, and proves both ways with the authorizer: all that it does is allowed, and all that is allowed is done, but for what the last column explains.',
    '',
    'In the rows, `111122223333` is the account of Unlatch, `444455556666` a member account, `777788889999` the account of the platform.',
    ...holders.flatMap((holder) => [
      '',
      `## ${holder.name}`,
      '',
      '| statement | may | on | if | not seen in a rehearsal |',
      '| --- | --- | --- | --- | --- |',
      ...rowsOf(holder, (sid, action) => reasons(holder.name, sid, action)),
    ]),
    '',
  ].join('\n');
