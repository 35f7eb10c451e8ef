import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** An API of AWS that was called: `ec2:DescribeInstances`, or the service alone where only the path tells the rest. */
export type Asked = string;

/** The code with which each service refuses a caller; all others say AccessDeniedException. */
const REFUSALS: Readonly<Record<string, string>> = {
  ec2: 'UnauthorizedOperation',
  iam: 'AccessDenied',
  s3: 'AccessDenied',
  sts: 'AccessDenied',
};

/** Where the name to sign for is not the name of the API. */
const NAMES: Readonly<Record<string, string>> = { tagging: 'tag' };

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
};

const serviceOf = ({ headers }: IncomingMessage): string => {
  const [, scope = 'unsigned'] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '') ?? [];
  return NAMES[scope] ?? scope;
};

/** Of the services that only paths and methods tell, as far as the functions call them. */
const BY_METHOD: Readonly<Record<string, string>> = { 's3 GET': 'GetObject', 's3 PUT': 'PutObject' };

const operationOf = ({ headers, method }: IncomingMessage, service: string, body: string): string | null => {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? null;
  return /(?:^|&)Action=(\w+)/.exec(body)?.[1] ?? BY_METHOD[`${service} ${method}`] ?? null;
};

const xml = (code: string, message: string, service: string): string => {
  const error = `<Code>${code}</Code><Message>${message}</Message>`;
  if (service === 'ec2') return `<Response><Errors><Error>${error}</Error></Errors><RequestID>r</RequestID></Response>`;
  if (service === 's3') return `<Error>${error}</Error>`;
  return `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>r</RequestId></ErrorResponse>`;
};

const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code })
    .end(JSON.stringify({ __type: code, message }));
};

const SPEAK_XML: ReadonlySet<string> = new Set(['ec2', 'iam', 's3', 'sns', 'sts']);

/**
 * All of AWS but the ledger, over HTTP: it writes down what is asked, and refuses it in the service's own protocol. An
 * asynchronous invocation it accepts as Lambda does: a name that is taken by another payload is refused.
 * Nothing leaves the machine.
 */
export const refusingEndpoint = async () => {
  const asked: Asked[] = [];
  const executions = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const service = serviceOf(request);
    if (service === 'lambda' && request.url?.endsWith('/invocations')) {
      asked.push('lambda:Invoke');
      const name = String(request.headers['x-amz-durable-execution-name'] ?? asked.length);
      const other = (executions.get(name) ?? body) !== body;
      executions.set(name, executions.get(name) ?? body);
      if (other) refuse(response, 409, 'DurableExecutionAlreadyStartedException', 'it has another payload');
      else response.writeHead(202).end();
      return;
    }
    const operation = operationOf(request, service, body);
    const api = operation === null ? service : `${service}:${operation}`;
    asked.push(api);
    const code = REFUSALS[service] ?? 'AccessDeniedException';
    const message = `not authorized to perform: ${api}`;
    if (SPEAK_XML.has(service)) {
      response.writeHead(403, { 'content-type': 'text/xml' }).end(xml(code, message, service));
      return;
    }
    refuse(response, 400, code, message);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('a server of no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    /** What was asked since the last time. */
    told: (): Asked[] => asked.splice(0),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
