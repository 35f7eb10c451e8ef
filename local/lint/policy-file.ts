import { findNodeAtLocation, type JSONPath, type Node, parseTree } from 'jsonc-parser';
import { BadInputError, parseJson, readText } from '#local/scenario/loading';
import { oneLine, PolicyError } from '#shared/policy/policy-error';
import { parsedDocument } from '#shared/policy/read-policy';

/** A policy in a file, and where its statements stand. */
export interface PolicyFile {
  readonly file: string;
  readonly document: unknown;
  /** Statements without the rest of their policy. */
  readonly isExcerpt: boolean;
  /** The lines of a statement, from 1; of the policy for `null`. */
  readonly linesOf: (statement: number | null) => Lines;
}

export interface Lines {
  readonly start: number;
  readonly end: number;
}

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the AWS CLI wraps a policy in: of `kms get-key-policy`, `iam get-role-policy`, `iam get-policy-version`. */
const WRAPPERS: readonly JSONPath[] = [['Policy'], ['PolicyDocument'], ['PolicyVersion', 'Document']];

const at = (value: unknown, path: JSONPath): unknown =>
  path.reduce<unknown>((inner, step) => (isObject(inner) ? inner[step] : undefined), value);

interface Found extends Pick<PolicyFile, 'document' | 'isExcerpt'> {
  /** Where the document stands in the file, and its statements in that. */
  readonly path: JSONPath;
  readonly statements: JSONPath;
}

const excerpt = (statements: readonly unknown[]): unknown => ({ Version: '2012-10-17', Statement: statements });

const policyIn = (value: unknown, file: string): Found => {
  if (Array.isArray(value)) return { document: excerpt(value), isExcerpt: true, path: [], statements: [] };
  if (isObject(value) && 'Effect' in value)
    return { document: excerpt([value]), isExcerpt: true, path: [], statements: [] };
  const wrapper = WRAPPERS.find((path) => at(value, path) !== undefined) ?? [];
  const document = parsedDocument(at(value, wrapper), file);
  return { document, isExcerpt: false, path: wrapper, statements: [...wrapper, 'Statement'] };
};

/** Of two that bear one name, readers differ in which they take. */
const refuseTwice = (node: Node, file: string, lineAt: (offset: number) => number): void => {
  const names = new Set<unknown>();
  for (const child of node.children ?? []) {
    const [key] = child.children ?? [];
    if (child.type === 'property' && key !== undefined) {
      if (names.has(key.value))
        throw new BadInputError(`${file}: line ${lineAt(key.offset)}: \`${oneLine(String(key.value))}\` stands twice`);
      names.add(key.value);
    }
    refuseTwice(child, file, lineAt);
  }
};

const lineIn = (text: string) => {
  const starts = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
  return (offset: number): number => starts.filter((start) => start <= offset).length + 1;
};

/** Reads the tree of a text that is known to be JSON; what is nested deeper than the stack is no policy. */
const treeOf = (text: string, file: string, lineAt: (offset: number) => number): Node => {
  try {
    const tree = parseTree(text);
    if (tree === undefined) throw new BadInputError(`${file}: expected JSON`);
    refuseTwice(tree, file, lineAt);
    return tree;
  } catch (error) {
    if (error instanceof RangeError) throw new BadInputError(`${file}: expected a policy: this is nested too deeply`);
    throw error;
  }
};

/**
 * Reads a file with a policy, a list of statements, a single one, or what the AWS CLI prints of a policy.
 * @throws BadInputError which names the file, and the place in it
 */
export const readPolicyFile = (file: string): PolicyFile => {
  const text = readText(file);
  const value = parseJson(text, file);
  const lineAt = lineIn(text);
  const tree = treeOf(text, file, lineAt);
  const { document, isExcerpt, path, statements } = asInput(file, () => policyIn(value, file));
  const linesOf = (statement: number | null): Lines => {
    const list = findNodeAtLocation(tree, statements);
    const one = list?.type === 'array' && statement !== null ? list.children?.[statement] : undefined;
    // Statements within text have no lines of their own.
    const node = one ?? (statement === null ? undefined : list) ?? findNodeAtLocation(tree, path) ?? tree;
    return { start: lineAt(node.offset), end: lineAt(node.offset + Math.max(0, node.length - 1)) };
  };
  return { file, document, isExcerpt, linesOf };
};

/** What cannot be read as a policy is bad input: the file, the place in the policy, what was expected. */
export const asInput = <T>(file: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new BadInputError(`${file}: ${error.place === '' ? '' : `\`${error.place}\`: `}${error.expected}`);
  }
};
