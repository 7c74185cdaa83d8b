// /v1/hosts:import and /v1/pools/{pool}/allocations:import: hosts and allocations from the rows of a spreadsheet (CSV).
// As CSV, they are read with GET /v1/hosts (hosts.ts) and GET /v1/pools/{pool}/allocations (allocations.ts).

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { accessOf } from '../../control/access/access.ts';
import { allocationRows } from '../../control/allocations/import-allocations.ts';
import {
  type ImportedRow,
  type ImportMode,
  type ImportProgress,
  importModes,
  importRows,
  type RowKind,
} from '../../control/csv/import-rows.ts';
import { readCsv } from '../../control/csv/read-csv.ts';
import { hostRows } from '../../control/hosts/import-hosts.ts';
import { existingPool } from '../../control/reading/existing.ts';
import { refuse } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { actorOf, askingOf } from '../auth.ts';
import { clientSignal } from '../client-signal.ts';
import { csvType } from '../csv-answer.ts';
import { endTrial, type Verdict } from '../every-fault.ts';
import { newValidatorCompiler } from '../lazy-compilers.ts';
import { progressLines, sendProgress } from '../progress-lines.ts';
import { faultsOf } from '../schema-faults.ts';
import { headersNamed } from '../schemas/answers.ts';
import { LabelText, oneOf, strict } from '../schemas/common.ts';
import { NewHost } from '../schemas/host.ts';
import { NewAllocation } from '../schemas/pool.ts';
import { RowImportBody } from '../schemas/row-import.ts';
import type { Routes, Services } from '../services.ts';
import { allocationRefusals } from './allocations.ts';
import { hostRefusals } from './hosts.ts';

const maxOctets = 64 * 1024 * 1024;

/** What the descriptions of both imports say. */
const rules =
  'A file with faults changes nothing, and each fault is listed with its line (`line:12`). Then each row is written by itself. A row that says ' +
  'what stands changes nothing, so to repeat an import is safe. The separator may be `,`, `;` or a tab. ' +
  `With \`Accept: ${progressLines}\` the answer has status 200 immediately, and one JSON object in each line: ` +
  '`progress`, and at the end `result` or `problem`.';

/** Returns the parts that the schemas of both imports have. `what`: what a row is. */
function importSchema(what: string) {
  return {
    consumes: [csvType],
    querystring: strict({
      dryRun: Type.Optional(Type.Boolean({ description: 'Checks all rows, and changes nothing' })),
      mode: Type.Optional(
        oneOf(importModes, {
          default: 'create',
          description: `\`create\`: a row whose ${what} exists with other settings is a fault. \`put\`: changes that ${what}`,
        }),
      ),
    }),
    body: Type.Unsafe<unknown>({ description: `CSV (RFC 4180) of ${maxOctets} octets and 100,000 ${what}s at most` }),
    response: {
      200: {
        description: 'Done',
        headers: headersNamed('Zonewright-Revision'),
        content: { 'application/json': { schema: RowImportBody }, [progressLines]: { schema: Type.String() } },
      },
    },
  };
}

export const csvImportRoutes: Routes = async (app, services) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(csvType, (_request, body, done) => done(null, body));
  const checkHost = newCheck(NewHost);
  const checkAllocation = newCheck(NewAllocation);

  app.post(
    '/v1/hosts::import',
    {
      schema: {
        operationId: 'importHosts',
        tags: ['hosts'],
        summary: 'Create or change hosts from the rows of a spreadsheet (CSV)',
        description:
          'The first line names the columns: `name`, `addresses`, `pool`, `aliases`, `ttl`, `ptr`, `owner`, `shared`, `ptrFor`, `families`, and ' +
          '`tags.NAME` for a tag; only `name` is needed. Several addresses or aliases are separated by spaces. An empty cell is ' +
          `the default; a column that the file does not have leaves that field of an existing host as it is. ${rules}`,
        ...importSchema('host'),
        refuses: hostRefusals,
      },
    },
    (request, reply) => sendImported(services, request, reply, request.query, () => hostRows(checkHost)),
  );

  app.post(
    '/v1/pools/:pool/allocations::import',
    {
      schema: {
        operationId: 'importAllocations',
        tags: ['addresses'],
        summary: 'Allocate addresses of a pool from the rows of a spreadsheet (CSV), or change allocations',
        description:
          'The first line names the columns: `address`, `owner`, `sharingKey`, `ports` (`tcp/80 udp/53`), `expiresAt`, and ' +
          '`tags.NAME` for a tag; only `address` is needed. An empty cell is the default; a column that the file does not have ' +
          'leaves that field of an existing allocation as it is. With an `id`, the row is about that allocation. Without one, it ' +
          'is about the only allocation of the address or, with a sharing key, the one with the same ports. Several rows of one address ' +
          'are written together. The columns `pool`, `space`, `kind` and `host` of an export must say what stands: a host is ' +
          `changed by an import of hosts. \`since\` is not read. ${rules}`,
        params: strict({ pool: LabelText }),
        ...importSchema('allocation'),
        refuses: [...allocationRefusals, 'managed_record'],
      },
    },
    (request, reply) => {
      const { pool } = request.params;
      return sendImported(services, request, reply, request.query, () => {
        existingPool(askingOf(services, request), pool);
        return allocationRows(pool, checkAllocation);
      });
    },
  );
};

/** Returns a function that returns the faults of the fields of one row, with their paths. */
function newCheck(schema: TSchema): (input: unknown) => { path: string; message: string }[] {
  const compiled = newValidatorCompiler()({ schema, httpPart: 'body', method: 'POST', url: '' });
  const validate = compiled as unknown as (value: unknown) => Verdict;
  return (input) => {
    const verdict = validate(input);
    return verdict === true ? [] : faultsOf(verdict.error);
  };
}

/** `begin`: returns what the rows mean, or refuses the request before its body is read. */
async function sendImported<Row extends ImportedRow, Column extends string>(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  { dryRun = false, mode = 'create' }: { dryRun?: boolean; mode?: ImportMode },
  begin: () => RowKind<Row, Column>,
) {
  const { body } = request;
  accessOf(askingOf(services, request)).needRole('operator');
  const kind = begin();
  if (!(body instanceof Readable)) refuse('invalid_request', 'the body must be CSV (text/csv)');
  endTrial(request);
  const wanted = {
    actor: actorOf(request),
    rows: readCsv(body as AsyncIterable<Buffer>, maxOctets),
    mode,
    dryRun,
    signal: clientSignal(reply),
  };
  const run = async (onProgress?: (progress: ImportProgress) => void) => ({
    dryRun,
    ...(await importRows(services, kind, { ...wanted, onProgress })),
  });
  if (request.headers.accept?.includes(progressLines))
    return sendProgress(reply, async (send) => ({ result: await run((progress) => send({ progress })) }));
  const imported = await run();
  reply.header('zonewright-revision', String(services.views.revision));
  return reply.send(imported);
}
