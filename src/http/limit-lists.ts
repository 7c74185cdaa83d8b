// Limits the lists that are made at once. A list of long items takes memory, from its read until it is written as JSON:
// with many at once, a replica would have that of all of them (bench:heavy-reads). Others wait in line, those of each
// token in turn. Each route has a line of its own: a list that waits for the store keeps no other waiting
// (test/http/limit-lists.test.ts).

import type { FastifyInstance, RouteOptions } from 'fastify';
import { FairLine } from '../model/fair-line.ts';
import { actorOf } from './auth.ts';

/** Lists of one route. */
const maxAtOnce = 4;

declare module 'fastify' {
  interface FastifyRequest {
    /** Lets the next list be made. */
    endTurn: (() => void) | null;
  }
}

/** Limits the lists among the routes that are added later. */
export function limitLists(app: FastifyInstance): void {
  app.decorateRequest('endTurn', null);
  app.addHook('onRoute', (route) => {
    if (!isList(route)) return;
    const line = new FairLine(maxAtOnce);
    route.preHandler = async (request) => {
      request.endTurn = await line.enter(actorOf(request).id, () => !request.raw.socket.destroyed);
    };
    // The answer, or a refusal, is written as JSON. A client that does not read it keeps nobody waiting.
    route.onSend = async (request, _reply, payload) => {
      request.endTurn?.();
      return payload;
    };
  });
}

/** Returns whether the answer is a page. */
function isList({ method, schema }: RouteOptions): boolean {
  const { properties = {} } = (schema?.querystring ?? {}) as { properties?: object };
  return [method].flat().includes('GET') && 'cursor' in properties;
}
