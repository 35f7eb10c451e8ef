import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Origin } from '#shared/case/case';
import { AcquiringCall, Denial, Outcome, type Signal } from '#shared/signal/signal';
import { lineageOf, type Subject } from './lineage.ts';

/** All that has been reported under one join key. */
export interface Join {
  readonly call: AcquiringCall | null;
  /** Where the call's evidence stands, as far as its lineage was known when the call was recorded. */
  readonly origin: Origin | null;
  readonly denials: readonly Denial[];
  readonly outcomes: readonly Outcome[];
}

/** A call of a session, for the joins that have no request id in common. */
export interface SessionCall {
  readonly call: AcquiringCall;
  readonly origin: Origin;
}

const SessionItem = z.object({ call: AcquiringCall, origin: Origin });
const LineageItem = z.object({ origin: Origin });
const DenialItem = z.object({ denial: Denial });

/** From and until, ISO 8601 in UTC. */
interface Span {
  readonly from: string;
  readonly until: string;
}

const JoinItem = z.record(z.string(), z.unknown()).transform((item): Join => {
  const all = <T>(prefix: string, schema: z.ZodType<T>) =>
    Object.keys(item)
      .filter((name) => name.startsWith(prefix))
      .sort()
      .map((name) => schema.parse(item[name]));
  return {
    call: AcquiringCall.nullable().parse(item.call ?? null),
    origin: Origin.nullable().parse(item.origin ?? null),
    denials: all('denial:', Denial),
    outcomes: all('outcome:', Outcome),
  };
});

/** Copies of one report get one name, so that a storm of them stays one attribute. */
const fingerprint = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** The attribute that keeps a denial, here and in the record of its case. */
export const denialAttribute = ({ action, keyArn, layer, explicit, roleName, via }: Denial): string =>
  `denial:${fingerprint([action, keyArn, layer, explicit, roleName, via])}`;

const sessionKey = (principal: string): string => `session#${fingerprint([principal])}`;

/**
 * Lineage, joins and calls by session, in the one table. Every write is idempotent: the same report again changes
 * nothing but the time it is kept until.
 * @param days how long an item is kept (DynamoDB TTL on `expires`, seconds since the epoch)
 */
export const ledgerOf = (client: DynamoDBClient, table: string, days: number) => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const expires = () => Math.floor(Date.now() / 1000) + days * 86_400;

  const report = async (joinKey: string, attributes: Readonly<Record<string, unknown>>): Promise<Join> => {
    const named = Object.entries({ ...attributes, expires: expires() });
    const { Attributes } = await documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { pk: `join#${joinKey}`, sk: 'signals' },
        UpdateExpression: `SET ${named.map((_, at) => `#a${at} = :v${at}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(named.map(([name], at) => [`#a${at}`, name])),
        ExpressionAttributeValues: Object.fromEntries(named.map(([, value], at) => [`:v${at}`, value])),
        ReturnValues: 'ALL_NEW',
      }),
    );
    return JoinItem.parse(Attributes ?? {});
  };

  const put = (pk: string, sk: string, item: Readonly<Record<string, unknown>>) =>
    documents.send(new PutCommand({ TableName: table, Item: { pk, sk, ...item, expires: expires() } }));

  const ofSession = async (principal: string, from: string, until: string) => {
    const { Items = [] } = await documents.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :until',
        ExpressionAttributeValues: { ':pk': sessionKey(principal), ':from': from, ':until': until },
        ScanIndexForward: false,
        Limit: 50,
      }),
    );
    return Items;
  };

  return {
    /** Where the evidence behind a snapshot, volume or instance stands; `null` where no call that made it was seen. */
    async lineage(subject: Subject): Promise<Origin | null> {
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key: { pk: subject, sk: 'lineage' } }));
      return Item === undefined ? null : LineageItem.parse(Item).origin;
    },

    /** What has been reported under a key so far. Strongly consistent: the case polls it. */
    async join(joinKey: string): Promise<Join> {
      const Key = { pk: `join#${joinKey}`, sk: 'signals' };
      const { Item } = await documents.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return JoinItem.parse(Item ?? {});
    },

    /** Keeps a signal under its key; returns all that is now known there, in the same call. */
    async record(joinKey: string, signal: Signal, origin: Origin | null): Promise<Join> {
      const { denial } = signal;
      const denials = denial === null ? {} : { [denialAttribute(denial)]: denial };
      switch (signal.kind) {
        case 'call':
          return report(joinKey, { call: signal.call, origin, ...denials });
        case 'denial':
          return report(joinKey, denials);
        case 'outcome':
          return report(joinKey, {
            [`outcome:${signal.outcome.event}`]: signal.outcome,
            ...(origin === null ? {} : { origin }),
            ...denials,
          });
      }
    },

    /** Keeps what a call made, each thing with its origin, and the call among those of its session. */
    async recordLineage(call: AcquiringCall, origin: Origin): Promise<void> {
      await Promise.all([
        put(sessionKey(call.principal), `call#${call.time ?? ''}#${call.requestId}`, { call, origin }),
        ...lineageOf(call, origin).map((made) => put(made.subject, 'lineage', { origin: made.origin })),
      ]);
    },

    /** Keeps a denial among those of its session: its copy's record may come after it. */
    async recordLoose(denial: Denial): Promise<void> {
      const sort = `denial#${denial.time ?? ''}#${fingerprint([denialAttribute(denial), denial.requestId])}`;
      await put(sessionKey(denial.principal ?? ''), sort, { denial });
    },

    /** The session's calls within a span of time (ISO 8601), newest first, at most 50. */
    callsOf: async (principal: string, { from, until }: Span): Promise<SessionCall[]> =>
      (await ofSession(principal, `call#${from}`, `call#${until}~`)).map((item) => SessionItem.parse(item)),

    /** The session's denials that share a request id with no call, within a span of time, newest first, at most 50. */
    looseDenialsOf: async (principal: string, { from, until }: Span): Promise<Denial[]> =>
      (await ofSession(principal, `denial#${from}`, `denial#${until}~`)).map((item) => DenialItem.parse(item).denial),
  };
};

export type Ledger = ReturnType<typeof ledgerOf>;

export const isCollision = (error: unknown): error is ConditionalCheckFailedException =>
  error instanceof ConditionalCheckFailedException;
