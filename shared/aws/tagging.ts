import {
  GetResourcesCommand,
  type GetResourcesCommandOutput,
  ResourceGroupsTaggingAPIClient,
} from '@aws-sdk/client-resource-groups-tagging-api';
import type { ClientConfig } from './session.ts';

/**
 * Resources by their tags. KMS itself finds a key by nothing but its id or an alias.
 * https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
 */
export const taggingOf = (config: ClientConfig) => {
  const client = new ResourceGroupsTaggingAPIClient(config);
  return {
    /** A page of the keys with a tag, of any value without one. */
    keysWith: (Key: string, value?: string, PaginationToken?: string): Promise<GetResourcesCommandOutput> =>
      client.send(
        new GetResourcesCommand({
          ResourceTypeFilters: ['kms:key'],
          TagFilters: [{ Key, ...(value === undefined ? {} : { Values: [value] }) }],
          PaginationToken,
        }),
      ),
  };
};

export type Tagging = ReturnType<typeof taggingOf>;
