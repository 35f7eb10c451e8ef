import type { GetResourcesCommandInput, GetResourcesCommandOutput } from '@aws-sdk/client-resource-groups-tagging-api';
import type { Call, Ground } from './call.ts';
import { callerPlace, isAt, pageOf } from './ec2-answer.ts';
import { livingKeys } from './kms-keys.ts';

/** "ResourcesPerPage … a minimum of 1 and a maximum of 100", Resource Groups Tagging API Reference. */
const pageSize = 100;

/**
 * Resources by their tags, of the caller's account and Region. Keys alone are found: nothing here asks for others.
 * https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
 */
export const taggingService = (ground: Ground) => ({
  GetResources: async (call: Call<GetResourcesCommandInput>): Promise<GetResourcesCommandOutput> => {
    const { TagFilters = [], ResourceTypeFilters = [], PaginationToken, ResourcesPerPage = pageSize } = call.input;
    if (ResourceTypeFilters.join() !== 'kms:key')
      throw new Error('the embedded account finds no resource but `kms:key`');
    const found = livingKeys(ground).filter(
      (key) =>
        isAt(key, callerPlace(call)) &&
        TagFilters.every(({ Key = '', Values = [] }) => {
          const value = key.tags?.[Key];
          return value !== undefined && (Values.length === 0 || Values.includes(value));
        }),
    );
    const { page, nextToken } = pageOf(found, ResourcesPerPage, PaginationToken === '' ? undefined : PaginationToken);
    return {
      $metadata: { requestId: call.requestId },
      PaginationToken: nextToken ?? '',
      ResourceTagMappingList: page.map(({ arn, tags = {} }) => ({
        ResourceARN: arn,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      })),
    };
  },
});
