// Answers of lists as CSV: all items that match, while they are read, a slice at a time.

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuseField } from '../errors.ts';

export const csvType = 'text/csv';

/** Returns whether the client wants CSV. Refuses parameters of pages then: CSV has all items. */
export function wantsCsv(request: Pick<FastifyRequest, 'headers' | 'url'>): boolean {
  const { accept = '' } = request.headers;
  if (!accept.includes(csvType)) return false;
  // `request.query` also has the default values.
  const asked = new URLSearchParams(request.url.slice(request.url.indexOf('?') + 1));
  const paged = ['limit', 'cursor', 'total'].find((name) => asked.has(name));
  if (paged !== undefined) refuseField('invalid_request', `?${paged}`, 'is for pages: CSV has all items that match');
  return true;
}

/** Returns the stream to send. A spreadsheet takes the octets for UTF-8 because of the mark at their beginning. */
export function sentCsv(reply: FastifyReply, name: string, chunks: AsyncIterable<string>): Readable {
  async function* marked(): AsyncGenerator<string> {
    yield '\uFEFF';
    yield* chunks;
  }
  reply.type(`${csvType}; charset=utf-8`).header('content-disposition', `attachment; filename="${name}.csv"`);
  return Readable.from(marked(), { objectMode: false });
}
