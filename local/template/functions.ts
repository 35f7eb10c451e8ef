import { posix } from 'node:path';
import { z } from 'zod';
import type { PolicyDocument } from '../account/state.ts';
import { intrinsicOf, isObject, noValue, type Properties } from './intrinsic-notation.ts';
import { parsedAt } from './parsed-value.ts';
import type { TemplateFunction } from './parts.ts';
import { type Resource, Section, Value } from './source.ts';
import type { Stack } from './stack.ts';
import { TemplateError } from './template-error.ts';

/** `properties` are its own with the globals merged in. */
export const functionOf = (
  logicalId: string,
  resource: Resource,
  properties: Properties,
  stack: Stack,
): TemplateFunction => {
  const place = `Resources.${logicalId}`;
  const at = (name: string) => `${place}.Properties.${name}`;
  const environment = stack.resolve(properties.Environment ?? {}, at('Environment'));
  const durable = stack.resolve(properties.DurableConfig ?? { Ref: 'AWS::NoValue' }, at('DurableConfig'));
  return {
    logicalId,
    folder: folderOf(properties, resource.Metadata, stack, place),
    environment:
      parsedAt(
        z.object({ Variables: z.record(z.string(), Value).optional() }).optional(),
        environment,
        at('Environment'),
      )?.Variables ?? {},
    // Lambda's own default. AWS CloudFormation Template Reference, "AWS::Lambda::Function".
    timeoutSeconds: parsedAt(
      z.coerce.number().int().positive(),
      stack.resolve(properties.Timeout ?? 3, at('Timeout')),
      at('Timeout'),
    ),
    durable: durable !== noValue,
    scheduled: Object.values(parsedAt(Events, properties.Events ?? {}, at('Events'))).some(
      ({ Type }) => Type === 'Schedule' || Type === 'ScheduleV2',
    ),
    policies: policiesOf(properties.Policies ?? [], stack, at('Policies')),
  };
};

const Events = z.record(z.string(), z.object({ Type: z.string() }));

const EntryPoints = z.object({
  BuildProperties: z.object({ EntryPoints: z.array(z.string()).default([]) }).optional(),
});

const folderOf = (properties: Properties, metadata: Properties, stack: Stack, place: string): string => {
  const under = (name: string) =>
    parsedAt(z.string().default(''), stack.resolve(properties[name], place), `${place}.${name}`);
  const entryPoints = parsedAt(EntryPoints, metadata, `${place}.Metadata`).BuildProperties?.EntryPoints ?? [];
  const folders = [...entryPoints, under('Handler')].map((path) => {
    const [, folder] = /(?:^|\/)functions\/([^/]+)\/handler\.\w+$/.exec(posix.join(under('CodeUri'), path)) ?? [];
    return folder;
  });
  const folder = folders.find((found) => found !== undefined);
  if (folder === undefined)
    throw new TemplateError(`${place}: no entry point of the form \`functions/<name>/handler.ts\``);
  return folder;
};

const Document = z
  .object({
    Version: z.string().optional(),
    Statement: z.union([z.array(z.unknown()), Section.transform((one) => [one])]),
  })
  .transform(({ Version, Statement }): PolicyDocument => ({ ...(Version !== undefined && { Version }), Statement }));

const policiesOf = (policies: unknown, stack: Stack, place: string): readonly PolicyDocument[] => {
  const whole = isObject(policies) && intrinsicOf(policies) ? stack.resolve(policies, place) : policies;
  const list: readonly unknown[] = Array.isArray(whole) ? whole : [whole];
  return list.flatMap((policy, index) => {
    if (!isObject(policy)) return [];
    if (!('Statement' in policy) && intrinsicOf(policy)?.name !== 'Fn::If') return [];
    const here = Array.isArray(whole) ? `${place}[${index}]` : place;
    const resolved = stack.resolve(policy, here);
    return isObject(resolved) && 'Statement' in resolved ? [parsedAt(Document, resolved, here)] : [];
  });
};
