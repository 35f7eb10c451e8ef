import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { PolicyDocument } from '../account/state.ts';
import { parameterValues } from './parameters.ts';
import { parsedAt } from './parsed-value.ts';
import type { Known, TemplateRule } from './parts.ts';
import { ruleOf } from './rules.ts';
import { parseSource } from './source.ts';
import { stackOf } from './stack.ts';

/** What the template for member accounts makes in one of them. */
export interface Member {
  readonly roleName: string;
  readonly trust: PolicyDocument;
  readonly policies: readonly PolicyDocument[];
  /** Rules that forward to Unlatch. */
  readonly rules: readonly Omit<TemplateRule, 'functionLogicalId'>[];
  /** Names of its parameters. */
  readonly parameters: readonly string[];
}

const Document = z.object({ Version: z.string(), Statement: z.array(z.unknown()) });
const Role = z.object({
  RoleName: z.string(),
  AssumeRolePolicyDocument: Document,
  Policies: z.array(z.object({ PolicyDocument: Document })),
});
const RolePolicy = z.object({ PolicyDocument: Document });

/** Reads `member-template.yaml` as a StackSet would deploy it in an account and Region. @throws TemplateError */
export const loadMember = (path: string, given: Readonly<Record<string, string>>, known: Known): Member => {
  const source = parseSource(readFileSync(path, 'utf8'));
  const stack = stackOf(source, parameterValues(source, given), known);
  const held = Object.entries(source.Resources).filter(([id, resource]) => stack.holds(resource, `Resources.${id}`));
  const propertiesOf = (id: string) => stack.resolve(source.Resources[id]?.Properties, `Resources.${id}.Properties`);
  const role = parsedAt(Role, propertiesOf('MemberRole'), 'Resources.MemberRole.Properties');
  const more = held
    .filter(([, { Type }]) => Type === 'AWS::IAM::RolePolicy')
    .map(([id]) => parsedAt(RolePolicy, propertiesOf(id), `Resources.${id}.Properties`).PolicyDocument);
  return {
    roleName: role.RoleName,
    trust: role.AssumeRolePolicyDocument,
    policies: [...role.Policies.map(({ PolicyDocument }) => PolicyDocument), ...more],
    rules: held
      .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
      .map(([id, { Properties }]) =>
        ruleOf(
          {
            name: Properties.Name,
            otherwise: id,
            pattern: Properties.EventPattern,
            state: Properties.State,
            place: `Resources.${id}.Properties`,
          },
          stack,
        ),
      ),
    parameters: Object.keys(source.Parameters),
  };
};
