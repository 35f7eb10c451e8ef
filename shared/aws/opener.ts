import { createHash } from 'node:crypto';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { SignalRequest } from '#shared/case/case';
import type { Retirement } from '#shared/witness';
import { errorName } from './errors.ts';

/** JSON with its keys in order: the same request is the same payload, whoever built it. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/**
 * Starts a durable execution by its name. The same name with the same payload gives the execution that exists; with
 * another payload it is refused as already started, which says the same.
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 * @param functionArn with its alias: a durable function is invoked by a qualified name
 */
export const starterOf = (lambda: LambdaClient, functionArn: string) => {
  return async (name: string, payload: unknown): Promise<'opened' | 'already-open'> => {
    const invoke = new InvokeCommand({
      FunctionName: functionArn,
      InvocationType: 'Event',
      DurableExecutionName: name,
      Payload: Buffer.from(canonicalJson(payload)),
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

/** Opens the case that is named after the join key: another payload means that more is known by now. */
export const openerOf = (lambda: LambdaClient, functionArn: string) => {
  const start = starterOf(lambda, functionArn);
  return (request: SignalRequest): Promise<'opened' | 'already-open'> => start(request.joinKey, request);
};

/** Starts the retirement that is named after the role and the import: each import is one, however often it is reported. */
export const retirerOf = (lambda: LambdaClient, functionArn: string) => {
  const start = starterOf(lambda, functionArn);
  return async (success: Retirement): Promise<'opened' | 'already-open'> => {
    if (functionArn === '') return 'already-open';
    const name = createHash('sha256').update(canonicalJson(success)).digest('hex').slice(0, 40);
    return start(`retire-${name}`, { success });
  };
};
