import { isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { TemplateError } from './template-error.ts';
import { shortFormTags } from './yaml-tags.ts';

export const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
export const Section = z.record(z.string(), z.unknown());

export const Parameter = z.object({
  Type: z.string(),
  Default: Value.optional(),
  Description: z.string().optional(),
  AllowedPattern: z.string().optional(),
  AllowedValues: z.array(Value).optional(),
  MinLength: z.coerce.number().optional(),
  MaxLength: z.coerce.number().optional(),
  MinValue: z.coerce.number().optional(),
  MaxValue: z.coerce.number().optional(),
});
export type Parameter = z.infer<typeof Parameter>;

export const Resource = z.object({
  Type: z.string(),
  Condition: z.string().optional(),
  Properties: Section.default({}),
  Metadata: Section.default({}),
});
export type Resource = z.infer<typeof Resource>;

export const Source = z.object({
  Parameters: z.record(z.string(), Parameter).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), Section)).default({}),
  Conditions: Section.default({}),
  Globals: z.object({ Function: Section.default({}) }).default({ Function: {} }),
  Resources: z.record(z.string(), Resource),
});
export type Source = z.infer<typeof Source>;

/** Whoever deploys the same template again, as every test does, need not read it again: that takes longer than all the rest. */
const read = new Map<string, Source>();
const MOST_READ = 8;

/** Parses the text of a template, its short forms written out. */
export const parseSource = (yaml: string): Source => {
  const before = read.get(yaml);
  if (before !== undefined) return before;
  const source = parsed(yaml);
  if (read.size >= MOST_READ) read.clear();
  read.set(yaml, source);
  return source;
};

const parsed = (yaml: string): Source => {
  const document = parseDocument(yaml, { customTags: shortFormTags, prettyErrors: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined)
    throw new TemplateError(problem.message.split('\n', 1)[0]?.replace(/:$/, '') ?? 'not YAML');
  if (!isNode(document.contents)) throw new TemplateError('the template is empty');
  const source = Source.safeParse(document.toJS());
  if (source.success) return source.data;
  const [issue] = source.error.issues;
  throw new TemplateError(`${issue?.path.join('.')}: ${issue?.message}`);
};
