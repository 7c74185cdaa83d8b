// A signal that stops the work for a request when its client has gone.

import type { FastifyReply } from 'fastify';

/** Returns a signal that aborts when the client closes the connection. */
export function clientSignal({ raw }: FastifyReply): AbortSignal {
  const client = new AbortController();
  raw.once('close', () => client.abort());
  if (raw.destroyed) client.abort();
  return client.signal;
}
