import { noValue } from './intrinsic-notation.ts';
import type { Known } from './parts.ts';
import type { Parameter, Source } from './source.ts';
import { TemplateError } from './template-error.ts';

/** The value of each parameter: what is given, or its default; a list where its type is one. */
export const parameterValues = (
  source: Source,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, unknown> => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(source.Parameters, name));
  if (unknown !== undefined) throw new TemplateError(`Parameters: there is no parameter \`${unknown}\``);
  const values = new Map<string, unknown>();
  for (const [name, parameter] of Object.entries(source.Parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.Default;
    if (value === undefined) throw new TemplateError(`Parameters.${name}: no value given, and there is no default`);
    for (const problemOf of parameterProblems) {
      const problem = problemOf(parameter, value);
      if (problem !== false) throw new TemplateError(`Parameters.${name}: \`${value}\` ${problem}`);
    }
    const list = parameter.Type === 'CommaDelimitedList' || parameter.Type.startsWith('List<');
    values.set(name, list ? value.split(',').map((one) => one.trim()) : value);
  }
  return values;
};

type ParameterProblem = (parameter: Parameter, value: string) => string | false;

const parameterProblems: readonly ParameterProblem[] = [
  ({ AllowedValues }, value) =>
    AllowedValues !== undefined && !AllowedValues.includes(value) && `is none of ${AllowedValues.join(', ')}`,
  ({ AllowedPattern = '' }, value) =>
    AllowedPattern !== '' && !wholly(AllowedPattern, value) && `does not match \`${AllowedPattern}\``,
  ({ Type }, value) => Type === 'Number' && (value.trim() === '' || Number.isNaN(Number(value))) && 'is not a number',
  ({ MinLength = 0 }, value) => value.length < MinLength && `is shorter than ${MinLength}`,
  ({ MaxLength = Number.POSITIVE_INFINITY }, value) => value.length > MaxLength && `is longer than ${MaxLength}`,
  ({ MinValue = Number.NEGATIVE_INFINITY }, value) => Number(value) < MinValue && `is less than ${MinValue}`,
  ({ MaxValue = Number.POSITIVE_INFINITY }, value) => Number(value) > MaxValue && `is more than ${MaxValue}`,
];

/** CloudFormation's patterns are Java's and match the whole value; one that JavaScript cannot read refuses nothing. */
const wholly = (pattern: string, value: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value);
  } catch {
    return true;
  }
};

/** Source: AWS CloudFormation Template Reference, "Pseudo parameters reference". */
export const pseudoParameters = (at: Required<Known>): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['AWS::AccountId', at.accountId],
    ['AWS::Region', at.region],
    ['AWS::Partition', at.partition],
    ['AWS::StackName', at.stackName],
    ['AWS::StackId', stackId(at)],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::NotificationARNs', []],
    ['AWS::NoValue', noValue],
  ]);

const stackId = ({ partition, region, accountId, stackName }: Required<Known>): string =>
  `arn:${partition}:cloudformation:${region}:${accountId}:stack/${stackName}/00000000-0000-4000-8000-000000000000`;
