// Free ports for programs that cannot choose one themselves (port 0).

import { createServer } from 'node:net';

/**
 * The lowest and the highest port to choose from. They are below those that Linux gives to sockets without a port (from
 * 32768). Otherwise a connection of another test could take the port before the program has it, or while the program is
 * stopped.
 */
const lowest = 10_000;
const highest = 32_767;

/** Returns `count` different TCP ports of loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
