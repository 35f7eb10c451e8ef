/** Account and Region of an ARN; empty where it has none. */
export const accountOfArn = (arn: string): string => arn.split(':')[4] ?? '';
export const regionOfArn = (arn: string): string => arn.split(':')[3] ?? '';
