import {
  ConcurrentLimitExceededException,
  ConflictException,
  ResourceNotFoundException,
  ValidationException,
  type ValidationExceptionReason,
} from '@aws-sdk/client-ebs';
import type { Call } from './call.ts';
import { answered } from './ec2-answer.ts';
import type { KmsRefusal } from './kms-decision.ts';
import type { Forwarder } from './kms-forwarding.ts';

/** The exceptions of the EBS direct APIs. A `Reason` tells what the message hides. */

export const invalid = (call: Call, Reason: ValidationExceptionReason, message: string): ValidationException =>
  new ValidationException({ Reason, message, $metadata: answered(call, 400) });

export const notFound = (call: Call, Reason: ResourceNotFoundException['Reason'], message: string) =>
  new ResourceNotFoundException({ Reason, message, $metadata: answered(call, 404) });

export const snapshotNotFound = (call: Call, snapshotId: string | undefined): ResourceNotFoundException =>
  notFound(call, 'SNAPSHOT_NOT_FOUND', `The snapshot '${snapshotId}' does not exist.`);

export const keyNotFound = (call: Call): ResourceNotFoundException =>
  notFound(call, 'DEPENDENCY_RESOURCE_NOT_FOUND', 'KMS key not found.');

/** "Ensure idempotency in StartSnapshot API requests", Amazon EBS User Guide */
export const conflict = (call: Call): ConflictException => {
  const message = 'The request uses the same client token as a previous, but non-identical request.';
  return new ConflictException({ message, $metadata: answered(call, 409) });
};

// Which of its exceptions stands for the quota of pending snapshots is not documented; this one StartSnapshot has alone.
export const tooManyPending = (call: Call): ConcurrentLimitExceededException => {
  const message = 'You have reached the limit for pending snapshots.';
  return new ConcurrentLimitExceededException({ message, $metadata: answered(call, 400) });
};

const exceptionNames = {
  AccessDeniedException: 'AWSKMSException',
  DisabledException: 'DisabledException',
  KMSInvalidStateException: 'KMSInvalidStateException',
} as const;

export const dependencyInvalid = (call: Call, by: Forwarder, refusal: KmsRefusal): ValidationException => {
  const cause = `com.amazonaws.services.kms.model.${exceptionNames[refusal.code]}: ${refusal.message}`;
  const origin = `(Service: AWSKMS; Status Code: 400; Error Code: ${refusal.code}; Request ID: ${by.requestId}; Proxy: null)`;
  const message = `Invalid parameters for a dependent service: ${cause} ${origin}`;
  return invalid(call, 'INVALID_DEPENDENCY_REQUEST', message);
};

// What a policy refuses reads as a missing key here; only a key's state is told as it is.
export const readError = (call: Call, by: Forwarder, refusal: KmsRefusal) =>
  refusal.kind === 'denied' ? keyNotFound(call) : dependencyInvalid(call, by, refusal);
