/** What the SDK's errors have in common, read without trusting their class: bundles may hold it twice. */
export const errorName = (error: unknown): string => (error instanceof Error ? error.name : 'UnknownError');

/** What an error says, for a person. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown');

/** AWS saying that Unlatch may not: an answer, not a reason to try again. Each service has its own word for it. */
const REFUSALS: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'AuthFailure',
]);
export const isRefusal = (name: string): boolean => REFUSALS.has(name);

/** EC2 saying that a limit is reached: surely nothing was made. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
export const LIMIT_REACHED = 'ResourceLimitExceeded';
