import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { FindingRequest, SignalRequest } from '#shared/case/case';
import { errorName } from './session.ts';

/** JSON with its keys in order: the same request is the same payload, whoever built it. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/**
 * Starts a durable execution by name. The same name with the same payload gives the execution that exists; with another
 * payload (more is known by now) it is refused as already started, which says the same.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @param functionArn with its alias: a durable function is invoked by a qualified name
 */
export const starterOf = (lambda: LambdaClient, functionArn: string) => {
  return async (name: string, request: SignalRequest | FindingRequest): Promise<'opened' | 'already-open'> => {
    const invoke = new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      DurableExecutionName: name,
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

/** Starts the case of a signal: its execution is named after the join key. */
export const openerOf = (lambda: LambdaClient, functionArn: string) => {
  const start = starterOf(lambda, functionArn);
  return (request: SignalRequest): Promise<'opened' | 'already-open'> => start(request.joinKey, request);
};
