// /v1/hosts:import: hosts from the rows of a spreadsheet (CSV). Hosts as CSV: GET /v1/hosts, hosts.ts.

import { Readable } from 'node:stream';
import { accessOf } from '../../control/access/access.ts';
import { readCsv } from '../../control/csv/read-csv.ts';
import { type HostImportProgress, importHosts, importModes } from '../../control/hosts/import-hosts.ts';
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
import { oneOf, strict } from '../schemas/common.ts';
import { NewHost } from '../schemas/host.ts';
import { HostImportBody } from '../schemas/host-import.ts';
import type { Routes } from '../services.ts';
import { hostRefusals } from './hosts.ts';

const maxOctets = 64 * 1024 * 1024;

export const hostCsvRoutes: Routes = async (app, services) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(csvType, (_request, body, done) => done(null, body));
  const compiled = newValidatorCompiler()({ schema: NewHost, httpPart: 'body', method: 'POST', url: '' });
  const validate = compiled as unknown as (value: unknown) => Verdict;
  const check = (input: unknown) => {
    const verdict = validate(input);
    return verdict === true ? [] : faultsOf(verdict.error);
  };

  app.post(
    '/v1/hosts::import',
    {
      schema: {
        operationId: 'importHosts',
        tags: ['hosts'],
        summary: 'Create or change hosts from the rows of a spreadsheet (CSV)',
        description:
          'The first line names the columns: `name`, `addresses`, `pool`, `aliases`, `ttl`, `ptr`, `owner`, `families`, and ' +
          '`tags.NAME` for a tag; only `name` is needed. Several addresses or aliases are separated by spaces. An empty cell is ' +
          'the default; a column that the file does not have leaves that field of an existing host as it is. A file with faults ' +
          'changes nothing, and each fault is listed with its line (`line:12`). Then each row is written by itself. A row that says ' +
          'what stands changes nothing, so to repeat an import is safe. The separator may be `,`, `;` or a tab. ' +
          `With \`Accept: ${progressLines}\` the answer has status 200 immediately, and one JSON object in each line: ` +
          '`progress`, and at the end `result` or `problem`.',
        consumes: [csvType],
        querystring: strict({
          dryRun: Type.Optional(Type.Boolean({ description: 'Checks all rows, and changes nothing' })),
          mode: Type.Optional(
            oneOf(importModes, {
              default: 'create',
              description: '`create`: a row whose host exists with other settings is a fault. `put`: changes that host',
            }),
          ),
        }),
        body: Type.Unsafe<unknown>({ description: `CSV (RFC 4180) of ${maxOctets} octets and 100,000 hosts at most` }),
        refuses: hostRefusals,
        response: {
          200: {
            description: 'Done',
            headers: headersNamed('Zonewright-Revision'),
            content: { 'application/json': { schema: HostImportBody }, [progressLines]: { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const { body } = request;
      accessOf(askingOf(services, request)).needRole('operator');
      if (!(body instanceof Readable)) refuse('invalid_request', 'the body must be CSV (text/csv)');
      const { dryRun = false, mode = 'create' } = request.query;
      endTrial(request);
      const signal = clientSignal(reply);
      const rows = readCsv(body as AsyncIterable<Buffer>, maxOctets);
      const run = async (onProgress?: (progress: HostImportProgress) => void) => {
        const wanted = {
          actor: actorOf(request),
          rows,
          mode,
          dryRun,
          check,
          signal,
          ...(onProgress && { onProgress }),
        };
        return { dryRun, ...(await importHosts(services, wanted)) };
      };
      if (request.headers.accept?.includes(progressLines))
        return sendProgress(reply, async (send) => ({ result: await run((progress) => send({ progress })) }));
      const imported = await run();
      reply.header('zonewright-revision', String(services.views.revision));
      return reply.send(imported);
    },
  );
};
