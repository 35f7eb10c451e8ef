/** What can refuse a KMS request, in the order in which a person should look: from what binds most people to the key itself. */
export const LAYERS = [
  'service-control-policy',
  'resource-control-policy',
  'key-policy',
  'grant',
  'identity-policy',
  'permissions-boundary',
  'session-policy',
  'vpc-endpoint-policy',
  'key-state',
] as const;
export type Layer = (typeof LAYERS)[number];
