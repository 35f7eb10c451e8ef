import { DescribeVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import type { NamedDocument } from '#shared/diagnosis/facts-record';
import { type Known, known, unknown } from '#shared/policy/known';
import { askingIn, kept, mapped } from './answers.ts';
import type { AwsSession, Custody } from './session.ts';

const VpcEndpointId = z.string().regex(/^vpce-[0-9a-f]{8,17}$/);
const Endpoint = z.object({ PolicyDocument: z.string().min(1), ServiceName: z.string() });
const Endpoints = z.object({ VpcEndpoints: z.tuple([Endpoint]) });

/** https://docs.aws.amazon.com/kms/latest/developerguide/kms-vpc-endpoint.html */
const OF_KMS = /\.kms(?:-fips)?$/;

/**
 * The policy of the VPC endpoint through which a request came, or why it is not known; `null` where it came through none.
 * The session is one of the endpoint's account and Region.
 */
export const readEndpointFacts = async (
  session: AwsSession,
  custody: Custody,
  vpcEndpointId: string | null,
): Promise<Known<NamedDocument | null>> => {
  if (vpcEndpointId === null) return known(null);
  if (!VpcEndpointId.safeParse(vpcEndpointId).success) return unknown('it is no id of a VPC endpoint');
  const command = new DescribeVpcEndpointsCommand({ VpcEndpointIds: [vpcEndpointId] });
  const answer = await askingIn(session, custody)('ec2:DescribeVpcEndpoints', vpcEndpointId, Endpoints, () =>
    session.ec2.send(command),
  );
  if (answer.known && !OF_KMS.test(answer.value.VpcEndpoints[0].ServiceName))
    return unknown(`${vpcEndpointId} is no endpoint of KMS`);
  return kept(
    mapped(answer, ({ VpcEndpoints: [{ PolicyDocument }] }) => ({ name: vpcEndpointId, document: PolicyDocument })),
  );
};
