// Answers of long work: its progress, then its result or its problem, each as a JSON object on a line of its own.

import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { problemOf, refusalFrom } from './problem.ts';

export const progressLines = 'application/x-ndjson';

/** Sends the lines. `run` calls its argument with each progress, and resolves with the last line. */
export function sendProgress(
  reply: FastifyReply,
  run: (onProgress: (progress: object) => void) => Promise<object>,
): FastifyReply {
  const lines = new PassThrough();
  const send = (line: object) => {
    if (lines.writable) lines.write(`${JSON.stringify(line)}\n`);
  };
  run(send)
    .then(send, (error: unknown) => {
      const refusal = refusalFrom(error);
      if (refusal.code === 'internal_error') reply.log.error(error);
      send({ problem: problemOf(refusal) });
    })
    .finally(() => lines.end());
  return reply.type(progressLines).send(lines);
}
