import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { matches } from '../account/event-pattern.ts';
import { functionOf } from './functions.ts';
import { withGlobals } from './globals.ts';
import { parameterValues } from './parameters.ts';
import type { Known, Template, TemplateRule } from './parts.ts';
import { isReadOnlyCall } from './read-only-events.ts';
import { functionType } from './resource-kinds.ts';
import { rulesOfFunction, rulesOfResource } from './rules.ts';
import { parseSource, type Source } from './source.ts';
import { stackOf } from './stack.ts';
import { TemplateError } from './template-error.ts';

export type { Known, Template, TemplateFunction, TemplateParameter, TemplateRule } from './parts.ts';
export { TemplateError } from './template-error.ts';

const somewhere: Known = { accountId: '111122223333', region: 'eu-west-3' };

/**
 * Loads a SAM template with values for its parameters, as far as the embedded account needs it: which rules invoke which function, and what each
 * function runs with. Only what is asked for is resolved, so an intrinsic elsewhere that this does not know is no error.
 *
 * Sources: AWS CloudFormation Template Reference, "Intrinsic function reference", "Pseudo parameters reference" and
 * the "Return values" of each resource type; AWS SAM Developer Guide, "Globals section of the AWS SAM template",
 * "EventBridgeRule", "Referencing generated AWS CloudFormation resources".
 *
 * @example loadTemplate('template.yaml', { ResponseRolePattern: '*Response*' }).rules
 */
export const loadTemplate = (
  path: string,
  parameters: Readonly<Record<string, string>> = {},
  known: Known = somewhere,
): Template => {
  const yaml = contentsOf(path);
  try {
    return readTemplate(parseSource(yaml), parameters, known);
  } catch (error) {
    if (error instanceof TemplateError)
      throw new TemplateError(`${basename(path)}: ${error.message}`, { cause: error });
    throw error;
  }
};

/** The rules that would deliver the event. */
export const takingRules = <Rule extends Omit<TemplateRule, 'functionLogicalId'>>(
  { rules }: { readonly rules: readonly Rule[] },
  event: object,
): readonly Rule[] => {
  const readOnly = isReadOnlyCall(event);
  return rules.filter((rule) => rule.enabled && (rule.readOnlyToo || !readOnly) && matches(rule.pattern, event));
};

const contentsOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
    if (missing) throw new TemplateError(`there is no template \`${path}\``, { cause: error });
    throw error;
  }
};

const readTemplate = (source: Source, given: Readonly<Record<string, string>>, known: Known): Template => {
  const stack = stackOf(source, parameterValues(source, given), known);
  const resources = Object.entries(source.Resources).filter(([id, resource]) =>
    stack.holds(resource, `Resources.${id}`),
  );
  const functions = resources.filter(([, { Type }]) => Type === functionType);
  const functionArns = new Map(
    functions.map(([id]) => [String(stack.resolve({ 'Fn::GetAtt': [id, 'Arn'] }, `Resources.${id}`)), id]),
  );
  return {
    rules: resources.flatMap(([id, resource]) => {
      if (resource.Type === functionType) return rulesOfFunction(id, withGlobals(source, resource), stack);
      return resource.Type === 'AWS::Events::Rule' ? rulesOfResource(id, resource, functionArns, stack) : [];
    }),
    functions: functions.map(([id, resource]) => functionOf(id, resource, withGlobals(source, resource), stack)),
    parameters: Object.entries(source.Parameters).map(([name, parameter]) => ({
      name,
      type: parameter.Type,
      default: parameter.Default,
      description: parameter.Description,
      allowedPattern: parameter.AllowedPattern,
      allowedValues: parameter.AllowedValues,
    })),
  };
};
