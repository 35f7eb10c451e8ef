import {
  type EBSClient,
  EBSServiceException,
  type GetSnapshotBlockCommandInput,
  type PutSnapshotBlockCommandInput,
} from '@aws-sdk/client-ebs';
import { type BlockAnswer, connectionsTo } from './block-connections.ts';
import { errorName } from './session.ts';
import { NOTHING, type RequestForm, type Signable, signing, UNSIGNED } from './signature.ts';

/** Under which a request brings memory for its block, and the output brings the block. */
export const ROOM = Symbol('room');
export const BLOCK = Symbol('block');

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

const pathOf = (SnapshotId = '', BlockIndex = -1): string => `/snapshots/${encoded(SnapshotId)}/blocks/${BlockIndex}`;

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_GetSnapshotBlock.html */
const GET = { method: 'GET', payload: NOTHING, headers: [] } as const satisfies RequestForm<string>;
const getting = ({ SnapshotId, BlockIndex, BlockToken = '' }: GetSnapshotBlockCommandInput): Signable<never> => ({
  path: pathOf(SnapshotId, BlockIndex),
  query: `blockToken=${encoded(BlockToken)}`,
  headers: {},
});

/** https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html */
const PUT = {
  method: 'PUT',
  // Of all calls of EBS, its model leaves the body out of the signature of this one; the checksum is signed.
  payload: UNSIGNED,
  headers: ['content-length', 'content-type', 'x-amz-checksum', 'x-amz-checksum-algorithm', 'x-amz-data-length'],
} as const satisfies RequestForm<string>;
const putting = (
  { SnapshotId, BlockIndex, Checksum = '', ChecksumAlgorithm = 'SHA256', DataLength = 0 }: PutSnapshotBlockCommandInput,
  body: Uint8Array,
): Signable<(typeof PUT.headers)[number]> => ({
  path: pathOf(SnapshotId, BlockIndex),
  query: '',
  headers: {
    'content-length': String(body.length),
    'content-type': 'application/octet-stream',
    'x-amz-checksum': Checksum,
    'x-amz-checksum-algorithm': ChecksumAlgorithm,
    'x-amz-data-length': String(DataLength),
  },
});

const metadataOf = ({ status, header }: BlockAnswer) => ({
  httpStatusCode: status,
  requestId: header('x-amzn-requestid'),
});

const wordsOf = (body: Uint8Array): Readonly<Record<string, unknown>> => {
  try {
    const said: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof said === 'object' && said !== null ? { ...said } : {};
  } catch {
    // What stands in front of EBS answers in other words.
    return {};
  }
};

/** A refusal as the SDK throws it: by the name that AWS gives it, with the `Reason` that says which it is. */
const refusalOf = (answer: BlockAnswer): EBSServiceException => {
  const { status, header, body } = answer;
  const { __type, code, message, Message, Reason } = wordsOf(body);
  const name = [header('x-amzn-errortype'), code, __type].find((named) => typeof named === 'string');
  const text = [message, Message].find((said) => typeof said === 'string');
  const error = new EBSServiceException({
    name: String(name ?? (status >= 500 ? 'ServiceUnavailable' : 'UnknownError')).replace(/^.*#|:.*$/g, ''),
    $fault: status >= 500 ? 'server' : 'client',
    message: typeof text === 'string' ? text : `EBS answered with ${status}`,
    $metadata: metadataOf(answer),
  });
  return Object.assign(error, { Reason });
};

/** How long credentials and the moment of signing are kept. */
const MOMENT_MILLISECONDS = 1_000;

/** How blocks are signed and where they go, looked up anew each second. */
const wayOf = (ebs: EBSClient) => {
  const found = async () => {
    const [Region, UseDualStack, UseFIPS] = await Promise.all([
      ebs.config.region(),
      ebs.config.useDualstackEndpoint(),
      ebs.config.useFipsEndpoint(),
    ]);
    const Endpoint = process.env.AWS_ENDPOINT_URL_EBS ?? process.env.AWS_ENDPOINT_URL;
    const { url } = ebs.config.endpointProvider({ Region, UseDualStack, UseFIPS, Endpoint });
    return { region: Region, host: url.host, send: connectionsTo(url) };
  };
  const now = async (end: ReturnType<typeof found>) => {
    const [{ region, host, send }, credentials] = await Promise.all([end, ebs.config.credentials()]);
    const form = signing({ ...credentials, region, service: 'ebs' }, host, new Date());
    return { get: form(GET), put: form(PUT), send };
  };
  let end: ReturnType<typeof found> | undefined;
  let way: ReturnType<typeof now> | undefined;
  let until = 0;
  return () => {
    if (way === undefined || performance.now() > until) {
      until = performance.now() + MOMENT_MILLISECONDS;
      end ??= found().catch((error: unknown) => {
        end = undefined;
        throw error;
      });
      way = now(end);
    }
    return way;
  };
};

const accepted = (answer: BlockAnswer): BlockAnswer => {
  if (answer.status >= 300) throw refusalOf(answer);
  return answer;
};

const isRoom = (value: unknown): value is () => Uint8Array => typeof value === 'function';

/** EBS did not take the signature for good; the SDK, which knows of clocks that are off and of much else, may have its way. */
const UNTAKEN: ReadonlySet<string> = new Set([
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'SignatureDoesNotMatch',
]);

type Output = Readonly<Record<PropertyKey, unknown>> & { readonly $metadata: ReturnType<typeof metadataOf> };

/**
 * Makes a client read and write blocks over connections of its own. A function has one processor to hash with, and the
 * SDK's way there and back costs more than the hash: it hashes what is written again, though EBS leaves the block out of
 * the signature, and allocates each block three times over. Where EBS does not take a signature of ours, that call and
 * all that follow go the SDK's way.
 */
export const blockCalls = (ebs: EBSClient): void => {
  const way = wayOf(ebs);
  let taken = true;

  const read = async (input: GetSnapshotBlockCommandInput, room: () => Uint8Array): Promise<Output> => {
    const { get, send } = await way();
    const answer = accepted(await send({ head: get(getting(input)), body: null, room }));
    return { $metadata: metadataOf(answer), Checksum: answer.header('x-amz-checksum'), [BLOCK]: answer.body };
  };
  const write = async (input: PutSnapshotBlockCommandInput, body: Uint8Array): Promise<Output> => {
    const { put, send } = await way();
    return { $metadata: metadataOf(accepted(await send({ head: put(putting(input, body)), body, room: null }))) };
  };

  ebs.middlewareStack.add(
    (next) => async (args) => {
      const { input } = args;
      const ours = (): Promise<Output> | null => {
        if ('BlockToken' in input && ROOM in input && isRoom(input[ROOM])) return read(input, input[ROOM]);
        if ('BlockData' in input && input.BlockData instanceof Uint8Array) return write(input, input.BlockData);
        return null;
      };
      try {
        const output = taken ? await ours() : null;
        return output === null ? await next(args) : { response: output, output };
      } catch (error) {
        if (!taken || !UNTAKEN.has(errorName(error))) throw error;
        taken = false;
        return next(args);
      }
    },
    { step: 'initialize', priority: 'high', name: 'blockCalls' },
  );
};
