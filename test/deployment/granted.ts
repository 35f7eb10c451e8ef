import { z } from 'zod';
import type { PolicyDocument } from '#local/account/state';

const Statement = z.looseObject({
  Sid: z.string(),
  Effect: z.literal('Allow'),
  Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
  Resource: z.union([z.string().transform((resource) => [resource]), z.array(z.string())]),
});

/** One action that a statement grants. */
export interface Granted {
  readonly sid: string;
  readonly action: string;
  readonly resources: readonly string[];
  /** The statement with this action alone. */
  readonly alone: PolicyDocument;
}

export const grantedBy = (policies: readonly PolicyDocument[]): readonly Granted[] =>
  policies
    .flatMap(({ Statement: statements }) => statements)
    .flatMap((statement) => {
      const { Sid: sid, Action, Resource } = Statement.parse(statement);
      return Action.map((action) => ({
        sid,
        action,
        resources: Resource,
        alone: { Version: '2012-10-17', Statement: [{ ...Object(statement), Action: action }] },
      }));
    });
