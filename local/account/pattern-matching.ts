import type { EventPattern, FieldPattern } from './event-pattern.ts';
import { isFields, isScalar, type Scalar } from './event-values.ts';

/** Does the pattern select the event? */
export const matches = (pattern: EventPattern, event: object): boolean => {
  const occurrences = occurrencesIn(event);
  return pattern.combinations.some((fields) => matchesTogether(fields, occurrences));
};

/** Which element of which array (by its number in the event) a value stands in. */
type Elements = ReadonlyMap<number, number>;

interface Occurrence {
  readonly value: Scalar;
  readonly elements: Elements;
}

const occurrencesIn = (event: object): ReadonlyMap<string, readonly Occurrence[]> => {
  const found = new Map<string, Occurrence[]>();
  let arrays = 0;
  const visit = (value: unknown, name: string, elements: Elements): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) {
        visit(element, name, isScalar(element) ? elements : new Map([...elements, [array, index]]));
      }
    } else if (isFields(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, name === '' ? key : `${name}.${key}`, elements);
    } else if (isScalar(value)) {
      const occurrences = found.get(name);
      if (occurrences === undefined) found.set(name, [{ value, elements }]);
      else occurrences.push({ value, elements });
    }
  };
  visit(event, '', new Map());
  return found;
};

const compatible = (one: Elements, other: Elements): boolean =>
  [...one].every(([array, index]) => (other.get(array) ?? index) === index);

/** Is there one choice of array elements in which every field is as wanted? */
const matchesTogether = (
  fields: readonly FieldPattern[],
  occurrences: ReadonlyMap<string, readonly Occurrence[]>,
): boolean => {
  const wanted = fields.map((field) => {
    const all = occurrences.get(field.name) ?? [];
    return { all, admitted: distinct(all.filter(({ value }) => field.admits(value))), absent: field.admitsAbsence };
  });
  if (wanted.some(({ admitted, absent }) => admitted.length === 0 && !absent)) return false;
  // Absence is judged last; before it, few candidates before many.
  wanted.sort((a, b) => Number(a.absent) - Number(b.absent) || a.admitted.length - b.admitted.length);
  const choose = (index: number, chosen: Elements): boolean => {
    const field = wanted[index];
    if (field === undefined) return true;
    return (
      field.admitted.some(
        (elements) => compatible(elements, chosen) && choose(index + 1, new Map([...chosen, ...elements])),
      ) ||
      (field.absent && !field.all.some(({ elements }) => compatible(elements, chosen)) && choose(index + 1, chosen))
    );
  };
  return choose(0, new Map());
};

/** Values in the same elements are the same choice. */
const distinct = (occurrences: readonly Occurrence[]): readonly Elements[] => {
  const byElements = new Map<string, Elements>();
  for (const { elements } of occurrences) byElements.set([...elements].join(' '), elements);
  return [...byElements.values()];
};
