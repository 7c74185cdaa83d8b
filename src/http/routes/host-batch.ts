// /v1/hosts:batch: many hosts in one request, each by itself or all in one transaction.

import { decideCreateHosts } from '../../control/hosts/create-hosts.ts';
import { parseHostInput } from '../../control/hosts/host-input.ts';
import { parseAll, placedAt } from '../../control/input/refusals.ts';
import { refuse } from '../../errors.ts';
import { isKnown } from '../../model/unknown.ts';
import { clientSignal } from '../client-signal.ts';
import { createEach, showResult } from '../create-each-host.ts';
import { endTrial, type Verdict } from '../every-fault.ts';
import { newValidatorCompiler } from '../lazy-compilers.ts';
import { writtenTogether } from '../schemas/answers.ts';
import { idempotencyHeaders } from '../schemas/common.ts';
import { HostResults, LooseHosts, NewHost, NewHosts } from '../schemas/host.ts';
import type { Routes } from '../services.ts';
import { commitFor } from '../write.ts';
import { hostRefusals } from './hosts.ts';

export const hostBatchRoutes: Routes = async (app, services) => {
  const compile = newValidatorCompiler();
  const validatorOf = (schema: unknown, httpPart = 'body') =>
    compile({ schema: schema as object, httpPart, method: 'POST', url: '' }) as (value: unknown) => Verdict;
  const checkAll = validatorOf(NewHosts);
  const checkList = validatorOf(LooseHosts);
  const checkHost = validatorOf(NewHost);

  app.post(
    '/v1/hosts::batch',
    {
      schema: {
        operationId: 'createHosts',
        tags: ['hosts'],
        summary: 'Create up to 1,000 hosts, each by itself or all in one transaction',
        headers: idempotencyHeaders,
        body: NewHosts,
        refuses: hostRefusals,
        response: writtenTogether(200, HostResults),
      },
      // The faults of a host are told in its result, unless all hosts are created together.
      validatorCompiler: ({ schema, httpPart }) => {
        if (httpPart !== 'body') return validatorOf(schema, httpPart);
        return (body) => (isAtomic(body) ? checkAll : checkList)(body);
      },
    },
    async (request, reply) => {
      const { hosts, atomic } = request.body;
      if (isKnown(atomic) && atomic === true) {
        const wanted = parseAll(
          ...hosts.map((host, index) => () => placedAt(`/hosts/${index}`, () => parseHostInput(host))),
        );
        const committed = await commitFor(services, request, reply, (context) => decideCreateHosts(context, wanted));
        const items = committed.result.map((host, index) => showResult(index, { ...committed, result: host }));
        return { items, created: items.length, failed: 0 };
      }
      endTrial(request);
      const { obstacle } = services.views;
      if (obstacle !== undefined) refuse('store_unavailable', obstacle);
      const { revision, results } = await createEach(services, request, hosts, checkHost, clientSignal(reply));
      reply.header('zonewright-revision', String(revision));
      return results;
    },
  );
};

function isAtomic(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (body as { atomic?: unknown }).atomic === true;
}
