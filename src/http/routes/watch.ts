// /v1/watch: the changes of resources as server-sent events. control/watch makes the changes, watch/ the streams.

import type { FastifyReply } from 'fastify';
import { parseChangeFilter } from '../../control/watch/change-filter.ts';
import { refuse } from '../../errors.ts';
import { auditedResources } from '../../model/audit-event.ts';
import { Type } from '../../model/json-schema.ts';
import type { Revision } from '../../model/revision.ts';
import { HistoryLost } from '../../store/store.ts';
import { actorOf, validityOf } from '../auth.ts';
import { clientKey } from '../client-key.ts';
import { endTrial } from '../every-fault.ts';
import { addWatchMetrics } from '../metrics.ts';
import { StreamEvent } from '../schemas/change.ts';
import { NameText, strict } from '../schemas/common.ts';
import type { Routes } from '../services.ts';
import { eventStream } from '../watch/event-text.ts';
import type { Follower } from '../watch/follower.ts';
import { Followers } from '../watch/followers.ts';
import { followLimits } from '../watch/limits.ts';

const tags = ['operations'];
const maxSeconds = 86_400;

export const watchRoutes: Routes = async (app, services) => {
  const { views, store } = services;
  const limits = { ...followLimits, ...services.followLimits };
  const followers = new Followers({ store, views, limits, logger: app.log }, (reason) => count(reason));
  const count = addWatchMetrics(services.metrics, () => followers.size);
  app.addHook('preClose', async () => followers.close());

  app.get(
    '/v1/watch',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'watchChanges',
        tags,
        summary: 'Follow changes, as server-sent events',
        querystring: strict({
          since: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: Number.MAX_SAFE_INTEGER,
              description:
                'The revision after which the stream begins, for clients that cannot send `Last-Event-ID`. Default: now',
            }),
          ),
          kind: Type.Optional(
            Type.String({
              maxLength: 100,
              format: 'resources',
              description: `Only these resources: ${auditedResources.map((one) => `\`${one}\``).join(', ')}, separated by commas`,
            }),
          ),
          zone: Type.Optional({
            ...NameText,
            description: 'Only this zone, its RRsets, and hosts with a record in it',
          }),
          within: Type.Optional(
            Type.String({
              maxLength: 100,
              format: 'address-range',
              description:
                'Only hosts, allocations, and A and AAAA records with an address in this prefix or range, and pools ' +
                'that overlap it',
              examples: ['10.1.0.0/16'],
            }),
          ),
          forSeconds: Type.Optional(
            Type.Integer({ minimum: 1, maximum: maxSeconds, description: 'Ends the stream after this time' }),
          ),
        }),
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({
              pattern: '^[0-9]{0,16}$',
              description: 'The `id` of the last event that the client has got: the stream continues after it',
            }),
          ),
        }),
        refuses: ['too_many_followers'],
        response: {
          200: {
            description: 'The stream. The schema is that of one event; comments begin with a colon',
            content: { [eventStream]: { schema: StreamEvent } },
          },
        },
      },
    },
    async (request, reply) => {
      const { since, forSeconds } = request.query;
      const filter = parseChangeFilter(request.query);
      endTrial(request);
      if (!views.loaded) refuse('store_unavailable', 'this replica has not loaded its state from the store yet');
      const last = request.headers['last-event-id'];
      const position = (last ? Number(last) : (since ?? views.revision)) as Revision;
      const isKnown = await isInHistory(position);
      const follower = followers.open({
        position,
        filter,
        actor: actorOf(request),
        isValid: validityOf(services, request),
        client: clientKey(request.raw.socket) ?? '',
        endsAt: forSeconds && performance.now() + forSeconds * 1000,
        cut: () => {
          if (!reply.raw.writableFinished) reply.raw.destroy();
        },
      });
      if (!isKnown) follower.finish('history_lost');
      return sendStream(reply, follower);
    },
  );

  /** Returns whether the store has reached the revision. Asks the store if this replica has not reached it yet. */
  async function isInHistory(revision: Revision): Promise<boolean> {
    if (revision <= views.revision) return true;
    try {
      await store.list('zones/', { at: revision, limit: 1 });
      return true;
    } catch (error) {
      if (error instanceof HistoryLost) return false;
      throw error;
    }
  }
};

/** Sends the stream. Its headers tell proxies not to buffer or compress the events. */
function sendStream(reply: FastifyReply, follower: Follower): FastifyReply {
  reply.header('cache-control', 'no-store, no-transform').header('x-accel-buffering', 'no');
  return reply.type(eventStream).send(follower);
}
