// Limits how many lists are made at once, because a list of long items takes much memory until it is written as JSON
// (bench:heavy-reads). Further requests wait in line, and the API tokens that wait take turns. Each route
// has a line of its own, so that lists which wait for the store delay no other route (test/http/limit-lists.test.ts).

import type { FastifyInstance, RouteOptions } from 'fastify';
import { FairLine } from '../model/fair-line.ts';
import { actorOf } from './auth.ts';

/** The maximum number of lists of one route that are made at once. */
const maxAtOnce = 4;

declare module 'fastify' {
  interface FastifyRequest {
    /** Lets the next list be made. */
    endTurn: (() => void) | null;
  }
}

/** Limits the lists of the routes that are added after this call. */
export function limitLists(app: FastifyInstance): void {
  app.decorateRequest('endTurn', null);
  app.addHook('onRoute', (route) => {
    if (!isList(route)) return;
    const line = new FairLine(maxAtOnce);
    route.preHandler = async (request) => {
      request.endTurn = await line.enter(actorOf(request).id, () => !request.raw.socket.destroyed);
    };
    // By now the answer is JSON. Ends the turn here, so that a client that does not read keeps nobody waiting.
    route.onSend = async (request, _reply, payload) => {
      request.endTurn?.();
      return payload;
    };
  });
}

/** Returns whether the route answers with a list: a GET that takes a `cursor`. */
function isList({ method, schema }: RouteOptions): boolean {
  const { properties = {} } = (schema?.querystring ?? {}) as { properties?: object };
  return [method].flat().includes('GET') && 'cursor' in properties;
}
