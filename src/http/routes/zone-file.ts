// /v1/zones/{zone}/zonefile: a zone as text/dns (RFC 4027), streamed both ways.

import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { checkPrecondition, entityTag, type Precondition } from '../../control/input/precondition.ts';
import { existingZone } from '../../control/reading/existing.ts';
import { exportZoneFile } from '../../control/zone-file/export-zone-file.ts';
import type { ImportProgress } from '../../control/zone-file/import-wanted.ts';
import { importZoneFile, needImport } from '../../control/zone-file/import-zone-file.ts';
import { Refusal, refuse } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import { actorOf, askingOf } from '../auth.ts';
import { clientSignal } from '../client-signal.ts';
import { endTrial } from '../every-fault.ts';
import { progressLines, sendProgress } from '../progress-lines.ts';
import { headersNamed, notModified } from '../schemas/answers.ts';
import { NameText, oneOf, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { ImportBody, showImport, showProgress } from '../schemas/zone-file.ts';
import type { Routes } from '../services.ts';
import { preconditionOf, sendResource, withBody } from '../write.ts';
import { zoneNameOf } from '../zone-path.ts';

const tags = ['zones'];
const params = strict({ zone: NameText });
const zoneFile = 'text/dns; charset=utf-8';
const maxFileOctets = 512 * 1024 * 1024;

export const zoneFileRoutes: Routes = async (app, services) => {
  const { views } = services;
  const zoneOf = (request: FastifyRequest, text: string) =>
    existingZone(askingOf(services, request), zoneNameOf(text)).value.name;

  /** Notes that the request is parsed. A trial does not read the file, because the file can be read only once. */
  const beginImport = (request: FastifyRequest, zone: Fqdn, precondition: Precondition) => {
    if (request.isTrial) {
      needImport(askingOf(services, request));
      checkPrecondition(precondition, entityTag(views.zones.changedAt(zone)));
    }
    endTrial(request);
  };

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('text/dns', (_request, body, done) => done(null, body));

  app.get(
    '/v1/zones/:zone/zonefile',
    {
      schema: {
        operationId: 'exportZoneFile',
        tags,
        summary: 'Export a zone as a zone file',
        description:
          'SOA and NS first, then the names in canonical order. All records are of one revision, each in its own line.',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: {
          200: {
            description: 'The zone file',
            headers: headersNamed('ETag', 'Zonewright-Revision'),
            content: { 'text/dns': { schema: Type.String() } },
          },
          304: { ...notModified, headers: headersNamed('ETag', 'Zonewright-Revision') },
        },
      },
    },
    async (request, reply) => {
      const zone = zoneOf(request, request.params.zone);
      const asking = askingOf(services, request);
      endTrial(request);
      const { changedAt, implied, revision, pieces } = await exportZoneFile({ ...services, ...asking }, zone);
      reply.type(zoneFile).header('zonewright-revision', String(revision));
      return sendResource(request, reply, withBody(entityTag(changedAt), implied), Readable.from(pieces));
    },
  );

  app.put(
    '/v1/zones/:zone/zonefile',
    {
      schema: {
        operationId: 'importZoneFile',
        tags,
        summary: "Replace a zone's own records by those of a zone file, in one step",
        description:
          'A file with faults changes nothing, and each fault is listed with its line (`line:12`). Records of hosts stay. ' +
          'The SOA of the file sets the `soa` of the zone, except the serial. With ' +
          `\`Accept: ${progressLines}\` the answer has status 200 immediately, and one JSON object in each line: ` +
          '`progress`, and at the end `result` or `problem`.',
        consumes: ['text/dns'],
        params,
        headers: writeHeaders,
        querystring: strict({
          dryRun: Type.Optional(Type.Boolean({ description: 'Returns the differences, and changes nothing' })),
          strict: Type.Optional(
            Type.Boolean({
              description: 'Refuses records outside the zone; otherwise each is left out with a warning',
            }),
          ),
          signed: Type.Optional(
            oneOf(['leave-out', 'refuse'], {
              default: 'leave-out',
              description:
                'The file of a signed zone: DNSSEC records are left out with a warning, or the file is refused',
            }),
          ),
        }),
        body: Type.Unsafe<unknown>({
          description: `A zone file (RFC 1035 §5) of ${maxFileOctets} octets at most`,
        }),
        refuses: [
          'cname_conflict',
          'import_interrupted',
          'import_running',
          'name_hidden',
          'not_found',
          'outside_zone',
          'record_invalid',
          'zone_signed',
        ],
        response: {
          200: {
            description: 'Done',
            headers: headersNamed('Zonewright-Revision'),
            content: { 'application/json': { schema: ImportBody }, [progressLines]: { schema: Type.String() } },
          },
        },
      },
    },
    async (request, reply) => {
      const zone = zoneOf(request, request.params.zone);
      const { body } = request;
      if (!(body instanceof Readable)) refuse('invalid_request', 'the body must be a zone file (text/dns)');
      const { dryRun = false, strict: isStrict = false, signed } = request.query;
      const sorting = { strict: isStrict, refuseSigned: signed === 'refuse' };
      const precondition = preconditionOf(request);
      beginImport(request, zone, precondition);
      const actor = actorOf(request);
      const signal = clientSignal(reply);
      const run = (onProgress?: (progress: ImportProgress) => void) =>
        importZoneFile(
          { ...services, logger: request.log },
          {
            actor,
            zone,
            text: textOf(body),
            dryRun,
            ...sorting,
            precondition,
            signal,
            ...(onProgress && { onProgress }),
          },
        );
      if (request.headers.accept?.includes(progressLines)) {
        return sendProgress(reply, async (send) => {
          const imported = await run((progress) => send(showProgress(progress)));
          return { result: showImport(zone, dryRun, imported), revision: imported.revision };
        });
      }
      const imported = await run();
      reply.header('zonewright-revision', String(imported.revision));
      return reply.send(showImport(zone, dryRun, imported));
    },
  );
};

/** Returns the body as text: each octet becomes one character. */
async function* textOf(body: Readable): AsyncGenerator<string> {
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxFileOctets) refuse('payload_too_large', `the zone file has more than ${maxFileOctets} octets`);
      yield chunk.toString('latin1');
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    refuse('invalid_request', 'the zone file could not be read to its end');
  }
}
