// Routes for operators: liveness, readiness, metrics, members.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { refuse } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import type { Authenticator } from '../auth.ts';
import { pageOf } from '../page.ts';
import { readAtMostEvery } from '../read-at-most-every.ts';
import { shown } from '../schemas/answers.ts';
import { listOf, oneOf, pageQuery, strict } from '../schemas/common.ts';
import type { Routes, Services } from '../services.ts';

const tags = ['operations'];
const Member = Type.Object(
  {
    replica: Type.String(),
    dns: Type.Array(Type.String()),
    ledger: Type.Optional(Type.Boolean({ description: 'True: the replica has the ledger, in a file' })),
  },
  { title: 'Member' },
);

const Time = Type.String({ format: 'date-time' });
/** The state of the ledger. Readiness does not depend on it: events wait in the store until the ledger takes them. */
const LedgerState = Type.Object(
  {
    state: oneOf(['here', 'elsewhere', 'unavailable', 'off']),
    home: Type.Optional(Type.String({ description: 'The replica that has the ledger, if the ledger is a file' })),
    replica: Type.Optional(Type.String({ description: 'The replica that has the ledger, if this one does not' })),
    reason: Type.Optional(Type.String({ description: 'Why the ledger is unavailable' })),
    waiting: Type.Integer({ description: 'The transactions whose events wait in the store' }),
    lost: Type.Optional(
      Type.Object(
        { transactions: Type.Integer(), from: Time, until: Time },
        { description: 'The transactions whose events were dropped because too many waited' },
      ),
    ),
  },
  { title: 'LedgerState' },
);

/**
 * The metrics are computed at most once in this time: those of many pools take milliseconds, and by default anybody may
 * ask for them.
 */
const metricsEveryMilliseconds = 1000;

export const healthRoutes: FastifyPluginAsyncTypebox<Services & { authenticator: Authenticator }> = async (
  app,
  services,
) => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'checkHealth',
        tags,
        summary: 'The process runs',
        security: [],
        response: shown(Type.Object({ status: Type.Literal('ok') }, { title: 'Health' })),
      },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'checkReadiness',
        tags,
        summary: 'The replica serves; 503 says what is missing',
        security: [],
        refuses: ['store_unavailable'],
        response: shown(
          Type.Object(
            {
              status: Type.Literal('ready'),
              revision: Type.Optional(Type.Integer()),
              ledger: Type.Optional(LedgerState),
            },
            {
              title: 'Readiness',
              description: 'Without the revision and the ledger if the replica shows them only to bearers of a token',
            },
          ),
        ),
      },
    },
    async (request) => {
      const waitingFor = services.waitingFor();
      const hasDetails = services.authenticator.maySeeDetails(request);
      if (waitingFor.length > 0) {
        if (!hasDetails) refuse('store_unavailable', 'not ready');
        refuse('store_unavailable', `not ready: ${waitingFor.join(', ')}`, { waitingFor });
      }
      if (!hasDetails) return { status: 'ready' as const };
      const ledger = services.ledger?.status ?? { state: 'off' as const, waiting: 0 };
      return { status: 'ready' as const, revision: services.views.revision, ledger };
    },
  );
};

/** Routes that need a token only with `httpOpen: 'health'`. */
export const metricsRoutes: Routes = async (app, services) => {
  const readMetrics = readAtMostEvery(metricsEveryMilliseconds, () => services.metrics.metrics());

  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'readMetrics',
        tags,
        summary: 'Prometheus metrics',
        security: [{}, { token: [] }],
        response: { 200: { description: 'The metrics', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_, reply) => reply.type(services.metrics.contentType).send(await readMetrics()),
  );
};

export const memberRoutes: Routes = async (app, services) => {
  app.get(
    '/v1/members',
    {
      schema: {
        operationId: 'listMembers',
        tags,
        summary: 'The replicas that are alive',
        querystring: strict(pageQuery),
        response: shown(listOf(Member)),
      },
    },
    async (request) => {
      const members = [...services.views.members.values()].sort((a, b) => (a.replica < b.replica ? -1 : 1));
      return pageOf(request.query, String, {
        items: (after) => members.filter(({ replica }) => after === undefined || replica > after),
        keyOf: ({ replica }) => replica,
        show: (member) => (member.replica === services.ledger?.status.home ? { ...member, ledger: true } : member),
      });
    },
  );
};
