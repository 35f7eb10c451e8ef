import { CallbackTimeoutException, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import type { Call } from './call.ts';
import type { DurableExecution } from './durable-executions.ts';
import { invalidParameter } from './durable-limits.ts';

interface Callback {
  readonly execution: DurableExecution;
  readonly operationId: string;
  /** Milliseconds since 1970, of the virtual time. */
  readonly endsAt: number;
  readonly heartbeatSeconds: number;
  heartbeatBy: number;
}

/** Of the API's own pattern. https://docs.aws.amazon.com/lambda/latest/api/API_CallbackStartedDetails.html */
const CALLBACK_ID = /^[A-Za-z0-9+/]{1,1022}={0,2}$/;

/** Zero seconds and none at all are no timeout. */
const orNever = (seconds: number | undefined): number =>
  seconds === undefined || seconds === 0 ? Number.POSITIVE_INFINITY : seconds;

/** The callbacks of all executions, by their ids. */
export const callbackBook = (clock: { now(): Date; uuid(): string }) => {
  const byId = new Map<string, Callback>();
  const fromNow = (seconds: number): number => clock.now().getTime() + seconds * 1000;
  const timesOutAt = (id: string): number => {
    const callback = byId.get(id);
    return callback === undefined ? Number.POSITIVE_INFINITY : Math.min(callback.endsAt, callback.heartbeatBy);
  };

  return {
    /** @returns the callback's id, opaque to whoever is given it */
    open(
      execution: DurableExecution,
      operationId: string,
      options: { TimeoutSeconds?: number | undefined; HeartbeatTimeoutSeconds?: number | undefined } = {},
    ): string {
      const id = Buffer.from(`${operationId}/${clock.uuid()}`).toString('base64');
      const heartbeatSeconds = orNever(options.HeartbeatTimeoutSeconds);
      byId.set(id, {
        execution,
        operationId,
        endsAt: fromNow(orNever(options.TimeoutSeconds)),
        heartbeatSeconds,
        heartbeatBy: fromNow(heartbeatSeconds),
      });
      return id;
    },

    timesOutAt,

    /**
     * The callback that a call names, if it may still be answered.
     * @throws InvalidParameterValueException, ResourceNotFoundException, CallbackTimeoutException
     */
    named(call: Call<{ CallbackId: string | undefined }>): Callback {
      const id = call.input.CallbackId ?? '';
      if (!CALLBACK_ID.test(id)) throw invalidParameter(call, `\`${id}\` is no callback id`);
      const callback = byId.get(id);
      if (callback === undefined) {
        throw new ResourceNotFoundException({
          message: 'the callback does not exist',
          $metadata: { httpStatusCode: 404, requestId: call.requestId },
        });
      }
      const { execution, operationId } = callback;
      const isOver = timesOutAt(id) <= clock.now().getTime();
      if (execution.status !== 'RUNNING' || execution.operations.get(operationId)?.Status !== 'STARTED' || isOver) {
        throw new CallbackTimeoutException({
          message: 'the callback has timed out or has been answered already',
          $metadata: { httpStatusCode: 400, requestId: call.requestId },
        });
      }
      return callback;
    },

    beat(callback: Callback): void {
      callback.heartbeatBy = fromNow(callback.heartbeatSeconds);
    },
  };
};
