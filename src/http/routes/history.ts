// The routes that read the ledger: events, the holders of an address, the history of a host, the usage of a pool.

import type { FastifyRequest } from 'fastify';
import { parseAddressAt } from '../../control/allocations/allocation-input.ts';
import { parseSteps, parseTimeAt, parseTimeRange } from '../../control/history/history-input.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { poolName } from '../../control/reading/with-pools.ts';
import { atField, type ErrorCode, refuse } from '../../errors.ts';
import {
  type Ledger,
  LedgerElsewhere,
  type LedgerPage,
  LedgerUnavailable,
  type PageWanted,
  parseShownId,
} from '../../ledger/ledger.ts';
import { eventActions, eventResources } from '../../model/audit-event.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { parseName } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';
import { actorOf, askingOf } from '../auth.ts';
import { endTrial } from '../every-fault.ts';
import { ledgerElsewhere } from '../ledger-elsewhere.ts';
import { decodeCursor, encodeCursor, limitOf } from '../page.ts';
import { shown } from '../schemas/answers.ts';
import { AddressText, LabelText, listOf, NameText, oneOf, pageQuery, strict } from '../schemas/common.ts';
import { EventBody, HoldBody, UsageBody } from '../schemas/history.ts';
import type { LedgerReader, Routes, Services } from '../services.ts';

const refuses = ['ledger_elsewhere', 'ledger_off', 'ledger_unavailable'] as const satisfies ErrorCode[];
const { limit, cursor } = pageQuery;
const TimeText = Type.String({ maxLength: 64, format: 'date-time' });
const timeQuery = {
  since: Type.Optional({ ...TimeText, description: 'From this time on' }),
  until: Type.Optional({ ...TimeText, description: 'Before this time' }),
};

export const historyRoutes: Routes = async (app, services) => {
  app.get(
    '/v1/events',
    {
      schema: {
        operationId: 'listEvents',
        tags: ['history'],
        summary: 'Who changed what, newest first',
        querystring: strict({
          kind: Type.Optional(oneOf(eventResources, { description: 'The `resource` of the events' })),
          subject: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 2000,
              description: 'The exact `name` of the events',
            }),
          ),
          action: Type.Optional(oneOf(eventActions)),
          actor: Type.Optional(
            Type.String({ minLength: 1, maxLength: 255, description: 'The id of a token, or a part of this service' }),
          ),
          ...timeQuery,
          limit,
          cursor,
        }),
        refuses,
        response: shown(listOf(EventBody)),
      },
    },
    async (request) => {
      const { query } = request;
      const { kind, subject, action, actor } = query;
      const filter = { resource: kind, name: subject, action, actor, ...parseTimeRange(query) };
      const page = pageWanted(query);
      return shownPage(await ask(services, request, (ledger) => ledger.listEvents(filter, page)));
    },
  );

  app.get(
    '/v1/hosts/:name/history',
    {
      schema: {
        operationId: 'readHostHistory',
        tags: ['history'],
        summary: 'The events of a host, newest first',
        params: strict({ name: NameText }),
        querystring: strict({ ...timeQuery, limit, cursor }),
        refuses,
        response: shown(listOf(EventBody)),
      },
    },
    async (request) => {
      const { params, query } = request;
      const name = atField(':name', () => parseName(params.name));
      const filter = { resource: 'host' as const, name, ...parseTimeRange(query) };
      const page = pageWanted(query);
      return shownPage(await ask(services, request, (ledger) => ledger.listEvents(filter, page)));
    },
  );

  app.get(
    '/v1/addresses/:ip/history',
    {
      schema: {
        operationId: 'readAddressHistory',
        tags: ['history'],
        summary: 'Who had an address, and when',
        params: strict({ ip: AddressText }),
        querystring: strict({
          space: Type.Optional({ ...LabelText, default: defaultSpace }),
          at: Type.Optional({ ...TimeText, description: 'Only holders at this time' }),
          since: Type.Optional({ ...TimeText, description: 'Only holders at this time or later' }),
          until: Type.Optional({ ...TimeText, description: 'Only holders before this time' }),
          limit,
          cursor,
        }),
        refuses,
        response: shown(listOf(HoldBody)),
      },
    },
    async (request) => {
      const { params, query } = request;
      const address = parseAddressAt(':ip', params.ip);
      const { since, until } = parseTimeRange(query);
      const at = parseTimeAt('?at', query.at);
      if (at !== undefined && (since ?? until) !== undefined)
        refuse('invalid_request', 'give either the time `at`, or the range of `since` and `until`');
      const filter = {
        space: query.space ?? defaultSpace,
        address,
        since: at ?? since,
        until: at ?? (until === undefined ? undefined : until - 1),
      };
      const page = pageWanted(query);
      const holds = await askService(services, request, (service) =>
        service.addressHistory(filter, page, actorOf(request).id),
      );
      const items = holds.items.map((hold) => ({ ...hold, pool: poolName(services, hold.pool) }));
      return shownPage({ ...holds, items });
    },
  );

  app.get(
    '/v1/pools/:pool/usage',
    {
      schema: {
        operationId: 'readPoolUsage',
        tags: ['history'],
        summary: 'How full a pool was, in steps for a plot',
        params: strict({ pool: LabelText }),
        querystring: strict({
          ...timeQuery,
          step: Type.Optional(Type.Integer({ minimum: 1, maximum: 366 * 24 * 3600, description: 'Seconds' })),
        }),
        refuses: ['not_found', ...refuses],
        response: shown(UsageBody),
      },
    },
    async (request) => {
      const { value: pool } = existingPool(askingOf(services, request), request.params.pool);
      const wanted = { pool: pool.id, ...parseSteps(request.query, Date.now()) };
      const steps = await ask(services, request, (ledger) => ledger.usage(wanted));
      return { pool: pool.name, stepSeconds: wanted.step / 1000, steps };
    },
  );
};

function ask<T>(services: Services, request: FastifyRequest, question: (ledger: Ledger) => Promise<T>): Promise<T> {
  return askService(services, request, (service) => service.read(question, actorOf(request).id));
}

/** Asks the ledger. Refuses if the ledger is off, at another replica, or not available. */
async function askService<T>(
  { ledger, views }: Services,
  request: FastifyRequest,
  question: (service: LedgerReader) => Promise<T>,
): Promise<T> {
  endTrial(request);
  if (ledger === undefined) refuse('ledger_off', 'this replica keeps no history: start it with --ledger to keep one');
  try {
    return await question(ledger);
  } catch (error) {
    if (error instanceof LedgerElsewhere) throw ledgerElsewhere(error, views);
    if (!(error instanceof LedgerUnavailable)) throw error;
    refuse(
      'ledger_unavailable',
      `the ledger cannot be read: ${error.message}; try again later, new events wait in the store`,
    );
  }
}

function pageWanted(query: { limit?: number; cursor?: string }): PageWanted {
  const before = decodeCursor(query.cursor, (id) => {
    if (parseShownId(id) === undefined) throw new InvalidValue('is not a cursor that a list returned');
    return id;
  });
  return { limit: limitOf(query), before };
}

function shownPage<T>({ items, next }: LedgerPage<T>) {
  return { items, nextCursor: next === undefined ? null : encodeCursor(next) };
}
