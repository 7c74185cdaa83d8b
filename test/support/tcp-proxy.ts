// A TCP proxy on loopback that a test can make silent: connections stay open, and nothing passes.

import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from './temporary.ts';

export interface TcpProxy {
  readonly port: number;
  /** Passes nothing over the connections that are open now. New ones pass everything. */
  silence(): void;
  /** Ends all connections at once (RST). */
  cut(): void;
  /** Ends each new connection at once, until it is called with false. */
  refuse(all: boolean): void;
}

export async function startTcpProxy(scope: Cleanup, targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<[near: Socket, far: Socket]>();
  let refuses = false;
  const server = createServer((near) => {
    if (refuses) {
      near.resetAndDestroy();
      return;
    }
    const pair: [Socket, Socket] = [near, connect(targetPort, '127.0.0.1')];
    pairs.add(pair);
    pair.forEach((one, index) => {
      const other = pair[1 - index] as Socket;
      one.pipe(other);
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    });
  });
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
  };
  scope.after(() => {
    cut();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    silence: () => {
      for (const pair of pairs) for (const socket of pair) socket.unpipe().pause();
    },
    cut,
    refuse: (all) => {
      refuses = all;
    },
  };
}
