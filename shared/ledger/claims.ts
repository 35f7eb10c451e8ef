import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Denial } from '#shared/signal/signal';
import { denialAttribute, isCollision } from './ledger.ts';

/** One open case a target. The claim names who holds it and until when; a claim past its time may be taken over. */
const Claim = z.object({
  caseId: z.string(),
  execution: z.string(),
  state: z.enum(['open', 'closed']),
  until: z.number(),
});

/** What is read of a case's record to tell whether it is open. */
const Record = z.object({ target: z.string().optional(), closedAt: z.string().optional() });

/** A claim whose time is over, while nobody has closed its case. */
export interface Abandoned {
  readonly kind: 'claim';
  readonly target: string;
  readonly caseId: string;
  /** ISO 8601 in UTC. */
  readonly until: string;
}

const AbandonedItem = Claim.extend({ pk: z.string() });

export type ClaimAnswer =
  | { readonly claimed: true; readonly caseId: string }
  /** `open`: another execution works on it; `closed`: it has just been dealt with. */
  | { readonly claimed: false; readonly caseId: string; readonly state: 'open' | 'closed' };

export interface ClaimRequest {
  /** `<account>/<region>/<instance or volume>` */
  readonly target: string;
  readonly caseId: string;
  /** ARN of the durable execution: the same execution may claim again, after a crash. */
  readonly execution: string;
  /** Seconds after which an open claim counts as abandoned. */
  readonly holdSeconds: number;
  /** A person may open a case again at once after one has closed; only automatic ones are absorbed by the cool-down. */
  readonly byHand: boolean;
}

export const claimsOf = (client: DynamoDBClient, table: string, days: number) => {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  const seconds = () => Math.floor(Date.now() / 1000);
  const keyOf = (target: string) => ({ pk: `target#${target}`, sk: 'claim' });
  const recordOf = (caseId: string) => ({ pk: `case#${caseId}`, sk: 'record' });

  return {
    /** Takes the target, or says which case has it. */
    async claim({ target, caseId, execution, holdSeconds, byHand }: ClaimRequest): Promise<ClaimAnswer> {
      const now = seconds();
      const claim: z.infer<typeof Claim> = { caseId, execution, state: 'open', until: now + holdSeconds };
      try {
        await documents.send(
          new PutCommand({
            TableName: table,
            Item: { ...keyOf(target), ...claim, expires: now + holdSeconds + days * 86_400 },
            ConditionExpression:
              'attribute_not_exists(pk) OR #until < :now OR (#execution = :me AND #state = :open) OR #state = :takeable',
            ExpressionAttributeNames: { '#until': 'until', '#execution': 'execution', '#state': 'state' },
            ExpressionAttributeValues: {
              ':now': now,
              ':me': execution,
              ':open': 'open',
              ':takeable': byHand ? 'closed' : 'none',
            },
          }),
        );
        return { claimed: true, caseId };
      } catch (error) {
        if (!isCollision(error)) throw error;
        const { Item } = await documents.send(
          new GetCommand({ TableName: table, Key: keyOf(target), ConsistentRead: true }),
        );
        const held = Claim.parse(Item);
        return { claimed: false, caseId: held.caseId, state: held.state };
      }
    },

    /** The case that has a target now, or has just had it; `null` where none does. */
    async holderOf(target: string): Promise<{ readonly caseId: string; readonly state: 'open' | 'closed' } | null> {
      const { Item } = await documents.send(
        new GetCommand({ TableName: table, Key: keyOf(target), ConsistentRead: true }),
      );
      const held = Claim.optional().parse(Item);
      if (held === undefined || held.until < seconds()) return null;
      return { caseId: held.caseId, state: held.state };
    },

    /** Holds the target longer, from now on. Only the holder can; a claim that another has taken over stays with it. */
    async hold(target: string, execution: string, holdSeconds: number): Promise<void> {
      const until = seconds() + holdSeconds;
      try {
        await documents.send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(target),
            UpdateExpression: 'SET #until = :until, expires = :expires',
            ConditionExpression: '#execution = :me AND #state = :open',
            ExpressionAttributeNames: { '#until': 'until', '#execution': 'execution', '#state': 'state' },
            ExpressionAttributeValues: {
              ':until': until,
              ':expires': until + days * 86_400,
              ':me': execution,
              ':open': 'open',
            },
          }),
        );
      } catch (error) {
        if (!isCollision(error)) throw error;
      }
    },

    /** Adds a denial to the record of the case that has the target. */
    async addDenial(caseId: string, denial: Denial): Promise<void> {
      await documents.send(
        new UpdateCommand({
          TableName: table,
          Key: recordOf(caseId),
          UpdateExpression: 'SET #denial = :denial, expires = :expires',
          ExpressionAttributeNames: { '#denial': denialAttribute(denial) },
          ExpressionAttributeValues: { ':denial': denial, ':expires': seconds() + days * 86_400 },
        }),
      );
    },

    /** The refusals that later executions added to a case. */
    async denialsOf(caseId: string): Promise<Denial[]> {
      const { Item = {} } = await documents.send(
        new GetCommand({ TableName: table, Key: recordOf(caseId), ConsistentRead: true }),
      );
      return Object.keys(Item)
        .filter((name) => name.startsWith('denial:'))
        .sort()
        .map((name) => Denial.parse(Item[name]));
    },

    /** Keeps what a case has come to. */
    async record(caseId: string, facts: Readonly<Record<string, unknown>>): Promise<void> {
      const named = Object.entries({ ...facts, expires: seconds() + days * 86_400 });
      await documents.send(
        new UpdateCommand({
          TableName: table,
          Key: recordOf(caseId),
          UpdateExpression: `SET ${named.map((_, at) => `#a${at} = :v${at}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(named.map(([name], at) => [`#a${at}`, name])),
          ExpressionAttributeValues: Object.fromEntries(named.map(([, value], at) => [`:v${at}`, value])),
        }),
      );
    },

    /** Whether a case is open: its claim holds. `unknown` where its record is gone, or does not say what it claimed. */
    async stateOf(caseId: string): Promise<'open' | 'closed' | 'unknown'> {
      const { Item: record = {} } = await documents.send(
        new GetCommand({ TableName: table, Key: recordOf(caseId), ConsistentRead: true }),
      );
      const { target, closedAt } = Record.parse(record);
      if (closedAt !== undefined) return 'closed';
      if (target === undefined) return 'unknown';
      const { Item: held } = await documents.send(
        new GetCommand({ TableName: table, Key: keyOf(target), ConsistentRead: true }),
      );
      const claim = Claim.safeParse(held).data;
      return claim?.caseId === caseId && claim.state === 'open' && claim.until > seconds() ? 'open' : 'closed';
    },

    /** The claims that are past their time: their cases have died. */
    async abandoned(): Promise<Abandoned[]> {
      const found: Abandoned[] = [];
      for (let ExclusiveStartKey: Readonly<{ [key: string]: unknown }> | undefined; ; ) {
        const page = await documents.send(
          new ScanCommand({
            TableName: table,
            FilterExpression: 'sk = :claim AND #state = :open AND #until < :now',
            ExpressionAttributeNames: { '#state': 'state', '#until': 'until' },
            ExpressionAttributeValues: { ':claim': 'claim', ':open': 'open', ':now': seconds() },
            ExclusiveStartKey,
          }),
        );
        for (const { pk, caseId, until } of z.array(AbandonedItem).parse(page.Items ?? []))
          found.push({
            kind: 'claim',
            target: pk.replace(/^target#/, ''),
            caseId,
            until: new Date(until * 1000).toISOString(),
          });
        ExclusiveStartKey = page.LastEvaluatedKey;
        if (ExclusiveStartKey === undefined) return found;
      }
    },

    /** Closes a claim that is past its time; one that somebody has taken since stays with them. */
    async release(target: string): Promise<void> {
      try {
        await documents.send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(target),
            UpdateExpression: 'SET #state = :closed',
            ConditionExpression: '#state = :open AND #until < :now',
            ExpressionAttributeNames: { '#state': 'state', '#until': 'until' },
            ExpressionAttributeValues: { ':closed': 'closed', ':open': 'open', ':now': seconds() },
          }),
        );
      } catch (error) {
        if (!isCollision(error)) throw error;
      }
    },

    /** Lets the target go; denials of it are absorbed for the cool-down. Only the holder can. */
    async close(target: string, execution: string, coolDownSeconds: number): Promise<void> {
      try {
        await documents.send(
          new UpdateCommand({
            TableName: table,
            Key: keyOf(target),
            UpdateExpression: 'SET #state = :closed, #until = :until',
            ConditionExpression: '#execution = :me',
            ExpressionAttributeNames: { '#state': 'state', '#until': 'until', '#execution': 'execution' },
            ExpressionAttributeValues: { ':closed': 'closed', ':until': seconds() + coolDownSeconds, ':me': execution },
          }),
        );
      } catch (error) {
        if (!isCollision(error)) throw error;
      }
    },
  };
};

export type Claims = ReturnType<typeof claimsOf>;
