/**
 * The role that is linked to KMS for multi-Region keys.
 * https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-auth-slr.html
 */
export const MULTI_REGION_SERVICE = 'mrk.kms.amazonaws.com';

export const multiRegionRoleArn = (accountId: string): string =>
  `arn:aws:iam::${accountId}:role/aws-service-role/${MULTI_REGION_SERVICE}/AWSServiceRoleForKeyManagementServiceMultiRegionKeys`;
