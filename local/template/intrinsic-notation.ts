import { TemplateError } from './template-error.ts';

export type Properties = Readonly<Record<string, unknown>>;

/** Gives a value of the template with its intrinsic functions replaced; `place` is where it stands. */
export type Resolve = (value: unknown, place: string) => unknown;

/** What `AWS::NoValue` leaves: the property, or the list's element, is not there. */
export const noValue = Symbol('AWS::NoValue');

export const isObject = (value: unknown): value is Properties =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The intrinsic function that the object stands for. */
export const intrinsicOf = (value: Properties): { name: string; argument: unknown } | undefined => {
  const [name, ...others] = Object.keys(value);
  const intrinsic = name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
  return intrinsic ? { name, argument: value[name] } : undefined;
};

/** `A.B.C` is the attribute `B.C` of `A`. */
export const attributePath = (value: string): readonly string[] => {
  const dot = value.indexOf('.');
  return dot < 0 ? [value] : [value.slice(0, dot), value.slice(dot + 1)];
};

/** The argument of an intrinsic function that takes a list. */
export const listed = (argument: unknown, place: string): readonly unknown[] => {
  if (Array.isArray(argument)) return argument;
  throw new TemplateError(`${place}: expected a list, found \`${JSON.stringify(argument)}\``);
};

export const cannotResolve = (name: string, argument: unknown, place: string, why = ''): never => {
  throw new TemplateError(`${place}: cannot resolve ${spell(name, argument)}${why === '' ? '' : `: ${why}`}`);
};

const spell = (name: string, argument: unknown): string => {
  const plain =
    Array.isArray(argument) && argument.every((part) => typeof part === 'string') ? argument.join('.') : argument;
  return `!${name.replace('Fn::', '')} ${typeof plain === 'string' ? plain : JSON.stringify(plain)}`;
};
