import type { z } from 'zod';
import { noValue } from './intrinsic-notation.ts';
import { TemplateError } from './template-error.ts';

/** Parses a resolved value; `place` is where it stands. */
export const parsedAt = <T>(schema: z.ZodType<T>, value: unknown, place: string): T => {
  const parsed = schema.safeParse(value === noValue ? undefined : value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new TemplateError(`${[place, ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
};
