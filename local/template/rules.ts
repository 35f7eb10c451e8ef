import { z } from 'zod';
import { type EventPattern, EventPatternError, parsePattern } from '../account/event-pattern.ts';
import type { Properties } from './intrinsic-notation.ts';
import { parsedAt } from './parsed-value.ts';
import type { TemplateRule } from './parts.ts';
import { type Resource, Section } from './source.ts';
import type { Stack } from './stack.ts';
import { TemplateError } from './template-error.ts';

const Events = z.record(z.string(), z.object({ Type: z.string(), Properties: Section.default({}) })).default({});

/** The rules that SAM makes of a function's events. */
export const rulesOfFunction = (logicalId: string, properties: Properties, stack: Stack): readonly TemplateRule[] => {
  const place = `Resources.${logicalId}.Properties.Events`;
  return Object.entries(parsedAt(Events, properties.Events, place))
    .filter(([, { Type }]) => Type === 'EventBridgeRule' || Type === 'CloudWatchEvent')
    .map(
      ([
        event,
        {
          Properties: { RuleName, Pattern, State: state },
        },
      ]) => ({
        ...ruleOf(
          { name: RuleName, otherwise: logicalId + event, pattern: Pattern, state, place: `${place}.${event}` },
          stack,
        ),
        functionLogicalId: logicalId,
      }),
    );
};

const Targets = z.array(z.object({ Arn: z.unknown() })).default([]);

/** An AWS::Events::Rule is a rule for each function among its targets; one that runs by the clock has no pattern. */
export const rulesOfResource = (
  logicalId: string,
  { Properties }: Resource,
  functionArns: ReadonlyMap<string, string>,
  stack: Stack,
): readonly TemplateRule[] => {
  if (Properties.EventPattern === undefined) return [];
  const place = `Resources.${logicalId}.Properties`;
  const otherwise = String(stack.resolve({ Ref: logicalId }, place));
  const rule = ruleOf(
    { name: Properties.Name, otherwise, pattern: Properties.EventPattern, state: Properties.State, place },
    stack,
  );
  return parsedAt(Targets, Properties.Targets, `${place}.Targets`).flatMap(({ Arn }, index) => {
    const arn = String(stack.resolve(Arn, `${place}.Targets[${index}].Arn`));
    const functionLogicalId = functionArns.get(arn.split(':').slice(0, 7).join(':'));
    return functionLogicalId === undefined ? [] : [{ ...rule, functionLogicalId }];
  });
};

const State = z.enum(['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']).default('ENABLED');

interface RuleSource {
  readonly name: unknown;
  readonly otherwise: string;
  readonly pattern: unknown;
  readonly state: unknown;
  readonly place: string;
}

/** A rule as the template writes it, its parts resolved. */
export const ruleOf = (rule: RuleSource, stack: Stack): Omit<TemplateRule, 'functionLogicalId'> => {
  const { name, otherwise, place } = rule;
  const resolved = (value: unknown, at: string) => stack.resolve(value ?? { Ref: 'AWS::NoValue' }, at);
  const state = parsedAt(State, resolved(rule.state, `${place}.State`), `${place}.State`);
  return {
    name: parsedAt(z.string().default(otherwise), resolved(name, `${place}.Name`), `${place}.Name`),
    pattern: patternAt(resolved(rule.pattern, place), place),
    patternText: JSON.stringify(resolved(rule.pattern, place)),
    readOnlyToo: state === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
    enabled: state !== 'DISABLED',
  };
};

const patternAt = (pattern: unknown, place: string): EventPattern => {
  try {
    return parsePattern(pattern);
  } catch (error) {
    if (error instanceof EventPatternError)
      throw new TemplateError(`${place}: in the pattern, ${error.message}`, { cause: error });
    throw error;
  }
};
