import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A server that answers each connection's bytes as it is told, and counts its connections. */
export const blockServer = async (answer: (socket: Socket, received: Buffer, connection: number) => void) => {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    const number = connections;
    let received = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/content-length: ?(\d+)/i.exec(received.toString('latin1', 0, end))?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      const whole = received;
      received = Buffer.alloc(0);
      answer(socket, whole, number);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    origin: new URL(`http://127.0.0.1:${address.port}`),
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
};
