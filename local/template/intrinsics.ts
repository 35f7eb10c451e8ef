import type { Conditions } from './conditions.ts';
import { attributePath, cannotResolve, isObject, listed, type Properties, type Resolve } from './intrinsic-notation.ts';
import type { References } from './references.ts';
import type { Source } from './source.ts';

/** What each intrinsic function gives for its argument. */
export const intrinsicsOf = (
  mappings: Source['Mappings'],
  conditions: Conditions,
  { reference, attribute }: References,
  resolve: Resolve,
): Readonly<Record<string, Resolve>> => {
  const substitute: Resolve = (argument, place) => {
    const [template, own]: readonly unknown[] = Array.isArray(argument) ? argument : [argument, {}];
    if (typeof template !== 'string' || !isObject(own)) return cannotResolve('Fn::Sub', argument, place);
    return template.replace(/\$\{(!?)([^}]*)\}/g, (_, literal: string, inside: string) => {
      if (literal !== '') return `\${${inside}}`;
      const name = inside.trim();
      const refuse = () => cannotResolve('Fn::Sub', template, place, `\`${name}\` is no text`);
      return textOf(substituted(name, own, place), refuse);
    });
  };

  const substituted = (name: string, own: Properties, place: string): unknown => {
    if (Object.hasOwn(own, name)) return resolve(own[name], place);
    const [logicalId = '', path] = attributePath(name);
    const generatedPart = path === 'Alias' || path === 'Version';
    return path === undefined || generatedPart ? reference(name, place) : attribute(logicalId, path, place);
  };

  return {
    Ref: (argument, place) =>
      typeof argument === 'string' ? reference(argument, place) : cannotResolve('Ref', argument, place),
    'Fn::GetAtt': (argument, place) => {
      const [logicalId, ...path] = typeof argument === 'string' ? attributePath(argument) : listed(argument, place);
      return attribute(String(logicalId), path.map((part) => String(resolve(part, place))).join('.'), place);
    },
    'Fn::Sub': substitute,
    'Fn::If': (argument, place) => {
      const [condition, yes, no] = listed(argument, place);
      return resolve(conditions.named(condition, place) ? yes : no, place);
    },
    'Fn::Join': (argument, place) => {
      const [separator, parts] = listed(argument, place);
      const texts = listed(resolve(parts, place), place);
      return texts
        .map((part) => textOf(part, () => cannotResolve('Fn::Join', argument, place)))
        .join(String(separator));
    },
    'Fn::Split': (argument, place) => {
      const [separator, whole] = listed(argument, place);
      return textOf(resolve(whole, place), () => cannotResolve('Fn::Split', argument, place)).split(String(separator));
    },
    'Fn::Select': (argument, place) => {
      const [index, list] = listed(argument, place);
      const chosen = listed(resolve(list, place), place)[Number(resolve(index, place))];
      return chosen === undefined ? cannotResolve('Fn::Select', argument, place) : chosen;
    },
    'Fn::FindInMap': (argument, place) => {
      const [map = '', top = '', second = ''] = listed(resolve(argument, place), place).map(String);
      return mappings[map]?.[top]?.[second] ?? cannotResolve('Fn::FindInMap', argument, place);
    },
    'Fn::Base64': (argument, place) => {
      const text = textOf(resolve(argument, place), () => cannotResolve('Fn::Base64', argument, place));
      return Buffer.from(text).toString('base64');
    },
    ...Object.fromEntries(
      ['Fn::Equals', 'Fn::Not', 'Fn::And', 'Fn::Or'].map((name) => [
        name,
        (argument: unknown, place: string) => conditions.isTrue({ [name]: argument }, place),
      ]),
    ),
  };
};

const textOf = (value: unknown, otherwise: () => never): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : otherwise();
