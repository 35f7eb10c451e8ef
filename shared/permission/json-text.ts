import { type Node, type ParseError, parseTree } from 'jsonc-parser';

/** A place in a JSON document: names and indices from its root. */
export type JsonPath = readonly (string | number)[];

const childOf = (node: Node, step: string | number): Node | undefined => {
  const { children = [] } = node;
  if (typeof step === 'number') return node.type === 'array' ? children[step] : undefined;
  // Of a name that stands twice JSON.parse takes the last.
  return children.findLast(({ children: [name] = [] }) => name?.value === step)?.children?.[1];
};

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false } as const;

/** An item goes with the comma and the space up to its neighbour, so that the others keep their places. */
const spanOf = (items: readonly Node[], at: number): readonly [number, number] | null => {
  const [before, item, after] = [items[at - 1], items[at], items[at + 1]];
  if (item === undefined) return null;
  if (after !== undefined) return [item.offset, after.offset];
  const from = before === undefined ? item.offset : before.offset + before.length;
  return [from, item.offset + item.length];
};

/**
 * A document without one item of one of its arrays, everything else to the letter as it was: line breaks, indentation,
 * the order of keys, escapes. `null` where the text is no JSON or has no such array.
 * @example withoutItem('{"a": [1, 2, 3]}', ['a'], 1) // '{"a": [1, 3]}'
 */
export const withoutItem = (text: string, array: JsonPath, at: number): string | null => {
  const errors: ParseError[] = [];
  let node: Node | undefined = parseTree(text, errors, STRICT);
  for (const step of array) node = node === undefined ? undefined : childOf(node, step);
  if (errors.length > 0 || node?.type !== 'array') return null;
  const span = spanOf(node.children ?? [], at);
  return span === null ? null : text.slice(0, span[0]) + text.slice(span[1]);
};
