import { isObject, listed, type Properties, type Resolve } from './intrinsic-notation.ts';
import { selfReferenceGuard } from './self-reference.ts';
import type { Resource } from './source.ts';
import { TemplateError } from './template-error.ts';

export interface Conditions {
  /** Does the condition of that name hold? */
  readonly named: (name: unknown, place: string) => boolean;
  /** Does the condition function, such as `{ "Fn::Not": … }`, give true? */
  readonly isTrue: (value: unknown, place: string) => boolean;
  /** Is the resource in the stack, as far as its Condition goes? */
  readonly holds: (resource: Resource, place: string) => boolean;
}

export const conditionsOf = (conditions: Properties, resolve: Resolve): Conditions => {
  const once = selfReferenceGuard();

  const named = (name: unknown, place: string): boolean => {
    if (typeof name !== 'string' || !Object.hasOwn(conditions, name)) {
      throw new TemplateError(`${place}: there is no condition \`${String(name)}\``);
    }
    const here = `Conditions.${name}`;
    return once(here, place, () => isTrue(conditions[name], here));
  };

  const isTrue = (value: unknown, place: string): boolean => {
    const [[name, argument] = [], ...others] = isObject(value) ? Object.entries(value) : [];
    const decide = name !== undefined && Object.hasOwn(logic, name) ? logic[name] : undefined;
    if (decide === undefined || others.length > 0)
      throw new TemplateError(`${place}: \`${JSON.stringify(value)}\` is no condition`);
    return decide(argument, place);
  };

  const logic: Readonly<Record<string, (argument: unknown, place: string) => boolean>> = {
    Condition: named,
    'Fn::Not': (argument, place) => !isTrue(listed(argument, place)[0], place),
    'Fn::And': (argument, place) => listed(argument, place).every((one) => isTrue(one, place)),
    'Fn::Or': (argument, place) => listed(argument, place).some((one) => isTrue(one, place)),
    'Fn::Equals': (argument, place) => {
      const [left, right] = listed(argument, place).map((side) => resolve(side, place));
      return comparable(left) === comparable(right);
    },
  };

  const holds = ({ Condition }: Resource, place: string) => Condition === undefined || named(Condition, place);

  return { named, isTrue, holds };
};

const comparable = (side: unknown): string =>
  isObject(side) || Array.isArray(side) ? JSON.stringify(side) : String(side);
