import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SignalRequest } from '#shared/case/case';
import { errorName } from './errors.ts';

/** JSON with its keys in order: the same request is the same payload, whoever built it. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/**
 * Starts the durable execution that is named after the join key. The same name with the same payload gives the execution
 * that exists; with another payload (more is known by now) it is refused as already started, which says the same.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @param functionArn with its alias: a durable function is invoked by a qualified name
 */
export const openerOf = (lambda: LambdaClient, functionArn: string) => {
  return async (request: SignalRequest): Promise<'opened' | 'already-open'> => {
    const invoke = new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      DurableExecutionName: request.joinKey,
      Payload: Buffer.from(canonicalJson(request)),
    });
    try {
      await lambda.send(invoke);
      return 'opened';
    } catch (error) {
      if (errorName(error) !== 'DurableExecutionAlreadyStartedException') throw error;
      return 'already-open';
    }
  };
};
