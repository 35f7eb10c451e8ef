import type { WireOperation } from '@aws/durable-execution-sdk-js';
import { InvalidParameterValueException, type OperationUpdate } from '@aws-sdk/client-lambda';
import type { Call } from './call.ts';

/**
 * What Lambda accepts of a durable execution.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MOST_OPERATIONS = 3_000;

/**
 * Bytes of one payload. The API's model has named 1 MB since payloads of asynchronous invocations grew; the service was
 * seen to refuse at 262,144 bytes, and the SDK keeps to that, so the smaller figure is the one to hold.
 * https://github.com/aws/aws-durable-execution-sdk-python/issues/342
 */
export const MOST_PAYLOAD_BYTES = 262_144;

/** Operations that exist at most once: they may begin, but not begin again. */
const BEGIN_ONCE: ReadonlySet<string> = new Set(['CALLBACK', 'CHAINED_INVOKE', 'WAIT']);

export const invalidParameter = (call: Call, message: string): InvalidParameterValueException =>
  new InvalidParameterValueException({ message, $metadata: { httpStatusCode: 400, requestId: call.requestId } });

/** How many operations an execution has had; the execution itself, which stands among them, is none. */
export const operationCount = ({ operations }: { readonly operations: ReadonlyMap<string, WireOperation> }): number =>
  [...operations.values()].filter(({ Type }) => Type !== 'EXECUTION').length;

/** In the words of the service. */
export const payloadRefusal = (type: string, which: 'input' | 'output'): string =>
  `${type} ${which} payload size must be less than or equal to ${MOST_PAYLOAD_BYTES} bytes`;

const bytesOf = (text: string | undefined): number => Buffer.byteLength(text ?? '');

/** A checkpoint is taken whole or not at all. @throws InvalidParameterValueException */
export const checkUpdates = (
  call: Call,
  operations: ReadonlyMap<string, WireOperation>,
  updates: readonly OperationUpdate[],
): void => {
  for (const { Id = '', Type = '', Action, Payload, Error: error } of updates) {
    if (Action === 'START' && BEGIN_ONCE.has(Type) && operations.has(Id)) {
      throw invalidParameter(call, `Cannot start a ${Type} that already exists.`);
    }
    const size = bytesOf(Payload) + (error === undefined ? 0 : bytesOf(JSON.stringify(error)));
    // The SDK waits for ever where its last word is refused: that one is judged when the function has returned.
    if (size > MOST_PAYLOAD_BYTES && Type !== 'EXECUTION') {
      throw invalidParameter(call, payloadRefusal(Type, Action === 'START' ? 'input' : 'output'));
    }
  }
  const added = new Set(updates.map(({ Id = '' }) => Id).filter((id) => !operations.has(id)));
  if (operationCount({ operations }) + added.size > MOST_OPERATIONS) {
    throw invalidParameter(call, `a durable execution has at most ${MOST_OPERATIONS} operations`);
  }
};
