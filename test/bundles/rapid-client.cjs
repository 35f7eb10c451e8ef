const { Agent, request } = require('node:http');

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const [hostname, port] = (process.env.AWS_LAMBDA_RUNTIME_API ?? '').split(':');

/** https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
const asked = (method, path, body = '', headers = {}) =>
  new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) };
    const options = { hostname, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}` };
    request({ ...options, headers: { ...headers, ...length } }, (response) => {
      let bodyJson = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk) => {
          bodyJson += chunk;
        })
        .on('end', () => resolve({ bodyJson, headers: response.headers }));
    })
      .on('error', reject)
      .end(body);
  });

/** One connection: what is posted has arrived before the next event is asked for. */
module.exports = {
  next: () => asked('GET', 'next'),
  done: (id, body) => void asked('POST', `${id}/response`, body),
  error: (id, body, xray) =>
    void asked('POST', `${id}/error`, body, { 'lambda-runtime-function-xray-error-cause': xray }),
};
