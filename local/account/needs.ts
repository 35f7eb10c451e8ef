import type { Call, Ground } from './call.ts';
import type { Tags } from './state.ts';

/** One thing a call must be allowed: the action on the resource, in the context that AWS would give. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export type Input = Readonly<Record<string, unknown>>;
export type Needs = (call: Call, input: Input, ground: Ground) => Need[];

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const anywhere: (action: string) => Needs = (action) => () => [{ action, resource: '*' }];

type TagList = readonly { readonly Key?: string; readonly Value?: string }[];

const tagKeys = (tags: TagList): Record<string, string | readonly string[]> => ({
  ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  ...(tags.length > 0 ? { 'aws:TagKeys': tags.map(({ Key = '' }) => Key) } : {}),
});

/** The tags that an input asks for, in its TagSpecifications or its Tags. */
export const requestTags = (input: Input): Record<string, string | readonly string[]> => {
  const specifications = Array.isArray(input.TagSpecifications) ? input.TagSpecifications : [];
  const specified: TagList = specifications.flatMap((specification) => specification?.Tags ?? []);
  return tagKeys(Array.isArray(input.Tags) ? input.Tags : specified);
};

/** The tags of a resource, under one of the two names that EC2 knows for them, or both. */
export const resourceTags = (tags: Tags, ...names: readonly ('aws' | 'ec2')[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => Object.entries(tags).map(([key, value]) => [`${name}:ResourceTag/${key}`, value])),
  );
