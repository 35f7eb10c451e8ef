import type { Call } from './call.ts';
import { answered } from './ec2-answer.ts';
import type { KmsRefusal } from './kms-decision.ts';
import type { Forwarder } from './kms-forwarding.ts';

/** An exception as the EBS direct APIs answer it. Its `Reason` tells what the message hides. */
export class EbsDirectException extends Error {
  readonly $fault = 'client';
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId: string };
  readonly Reason: string;

  constructor(name: string, reason: string, message: string, metadata: EbsDirectException['$metadata']) {
    super(message);
    this.name = name;
    this.Reason = reason;
    this.$metadata = metadata;
  }
}

export const invalid = (call: Call, reason: string, message: string): EbsDirectException =>
  new EbsDirectException('ValidationException', reason, message, answered(call, 400));

export const keyNotFound = (call: Call): EbsDirectException => {
  const reason = 'DEPENDENCY_RESOURCE_NOT_FOUND';
  return new EbsDirectException('ResourceNotFoundException', reason, 'KMS key not found.', answered(call, 404));
};

const exceptionNames = {
  AccessDeniedException: 'AWSKMSException',
  DisabledException: 'DisabledException',
  KMSInvalidStateException: 'KMSInvalidStateException',
} as const;

export const dependencyInvalid = (call: Call, by: Forwarder, refusal: KmsRefusal): EbsDirectException => {
  const cause = `com.amazonaws.services.kms.model.${exceptionNames[refusal.code]}: ${refusal.message}`;
  const origin = `(Service: AWSKMS; Status Code: 400; Error Code: ${refusal.code}; Request ID: ${by.requestId}; Proxy: null)`;
  const message = `Invalid parameters for a dependent service: ${cause} ${origin}`;
  return invalid(call, 'INVALID_DEPENDENCY_REQUEST', message);
};

// What a policy refuses reads as a missing key here; only a key's state is told as it is.
export const readError = (call: Call, by: Forwarder, refusal: KmsRefusal): EbsDirectException =>
  refusal.kind === 'denied' ? keyNotFound(call) : dependencyInvalid(call, by, refusal);
