// The HTTP server: plugins, validation, authentication and routes, in the order in which they handle a request.
// The routes: routes/. The answer to a refusal: problem.ts.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Certificate } from '../dns/listen/certificate.ts';
import { Refusal, refuse } from '../errors.ts';
import { turn } from '../model/turn.ts';
import { requireClientCertificates, tlsOptions } from './api-tls.ts';
import { Authenticator } from './auth.ts';
import { cautiousHeaders } from './cautious-headers.ts';
import { allInUse, type ConnectionLimits, Connections, connectionLimits } from './connections.ts';
import { descriptionOptions } from './description.ts';
import { addDocs } from './docs.ts';
import { tellEveryFault } from './every-fault.ts';
import { isHealthCheck } from './is-health-check.ts';
import { buildSerializer, newValidatorCompiler } from './lazy-compilers.ts';
import { limitLists } from './limit-lists.ts';
import { limitRequests } from './limit-requests.ts';
import { observeRequests } from './metrics.ts';
import { authorise, requireRows } from './needed-rights.ts';
import { checkQuery, undecodablePath } from './percent-encoding.ts';
import { sendProblem } from './problem.ts';
import { readJson } from './read-json.ts';
import { addressRoutes } from './routes/addresses.ts';
import { allocationRoutes } from './routes/allocations.ts';
import { backupRoutes } from './routes/backup.ts';
import { csvImportRoutes } from './routes/csv-imports.ts';
import { forwarderRoutes } from './routes/forwarders.ts';
import { forwardingRoutes } from './routes/forwarding.ts';
import { historyRoutes } from './routes/history.ts';
import { hostBatchRoutes } from './routes/host-batch.ts';
import { hostRoutes } from './routes/hosts.ts';
import { healthRoutes, memberRoutes, metricsRoutes } from './routes/operations.ts';
import { poolPartRoutes } from './routes/pool-parts.ts';
import { poolRoutes } from './routes/pools.ts';
import { renumberingRoutes } from './routes/renumbering.ts';
import { resolverRoutes } from './routes/resolvers.ts';
import { rrsetRoutes } from './routes/rrsets.ts';
import { skydnsRoutes } from './routes/skydns.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { watchRoutes } from './routes/watch.ts';
import { zoneFileRoutes } from './routes/zone-file.ts';
import { zoneRoutes } from './routes/zones.ts';
import { strict } from './schemas/common.ts';
import type { Services } from './services.ts';

/** In octets: enough for a patch of 100 RRsets of ordinary size. */
const maxBody = 4 * 1024 * 1024;

/**
 * The limit for a segment of a path, in characters: enough for a name of 255 octets, each written as %5C and three
 * digits.
 */
const maxParamLength = 2048;

interface ServerOptions {
  logger: FastifyBaseLogger;
  /** The version of this service, for the description. */
  version: string;
  /** Only tests set it. */
  limits?: ConnectionLimits;
  /** With a certificate, the server serves TLS only. */
  certificate?: Certificate | undefined;
}

/** Returns the server with all routes; it does not listen yet. */
export async function createServer(
  services: Services,
  { logger, version, limits = connectionLimits, certificate }: ServerOptions,
): Promise<FastifyInstance> {
  const connections = new Connections(limits);
  const http = {
    headersTimeout: limits.headersMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
    // Node's own refusal has no body: refuseUnfit sends a problem.
    requireHostHeader: false,
  };
  const https = certificate && { ...http, ...tlsOptions(certificate), handshakeTimeout: limits.headersMilliseconds };
  const app = fastify({
    loggerInstance: logger,
    clientErrorHandler: connections.refuse,
    requestTimeout: limits.requestMilliseconds,
    connectionTimeout: limits.silenceMilliseconds,
    http,
    // The type of Fastify's options allows only one of `http` and `https`. Fastify uses `https` if it is set.
    ...({ https } as object),
    genReqId: requestIdOf,
    frameworkErrors: refuseUrl,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    bodyLimit: maxBody,
    schemaController: { compilersFactory: { buildSerializer } },
    routerOptions: { maxParamLength },
    // While the replica stops, requests on open connections are still answered.
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>();

  connections.watch(app.server);
  // Node's own refusal has no body: refuseUnfit sends a problem.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.addHook('preClose', async () => connections.drain(app.server));
  // Hooks that need not wait make no promises: a request passes a dozen of them.
  app.addHook('onRequest', ({ id, raw }, reply, done) => {
    reply.header('x-request-id', id).headers(cautiousHeaders);
    return doneAfter(connections.turn(raw), done);
  });
  app.addHook('onRequest', ({ raw, routeOptions }, reply, done) => {
    if (!isHealthCheck(routeOptions.url) && connections.isBeyondLimits(raw)) {
      reply.header('connection', 'close');
      refuse('too_many_connections', allInUse);
    }
    done();
  });
  app.setValidatorCompiler(newValidatorCompiler());
  if (certificate?.clientCa !== undefined) requireClientCertificates(app);
  refuseUnrouted(app);
  app.setErrorHandler(sendProblem);
  app.addHook('onRequest', ({ raw, url }, _reply, done) => {
    refuseUnfit(raw);
    checkQuery(url);
    done();
  });
  app.setNotFoundHandler((request) => refuse('not_found', `there is nothing at ${request.method} ${request.url}`));
  readJsonBodies(app);
  app.decorateRequest('actor', null);
  observeRequests(app, services.metrics);

  await app.register(swagger, descriptionOptions(version));
  const authenticator = new Authenticator(services);
  const checkToken = (request: FastifyRequest) => {
    authenticator.authenticate(request);
    authorise(services, request);
  };
  requireRows(app);
  await app.register(healthRoutes, { ...services, authenticator });
  await app.register(async (open) => {
    if (services.httpOpen === 'health') open.addHook('onRequest', async (request) => checkToken(request));
    addDocs(open);
    open.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    await open.register(metricsRoutes, services);
  });
  await app.register(async (guarded) => {
    tellEveryFault(guarded);
    limitLists(guarded);
    guarded.addHook('onRoute', (route) => {
      route.schema = { querystring: strict({}), ...route.schema };
    });
    const limit = limitRequests(services.apiRateLimit ?? 0);
    guarded.addHook('onRequest', (request, reply, done) => {
      authenticator.authenticate(request);
      connections.noteAuthenticated(request.raw);
      limit(request, reply);
      authorise(services, request);
      done();
    });
    // Each request waits in line for a turn of the event loop (test/http/turns.test.ts).
    guarded.addHook('preValidation', (_request, _reply, done) => doneAfter(turn(), done));
    // Many answers of another thread or of the store may arrive at once: each waits in line again before it is
    // serialized.
    guarded.addHook('preSerialization', (_request, _reply, _payload, done) => doneAfter(turn(), done));
    guarded.addHook('preValidation', ({ method, body }, _reply, done) => {
      if (method === 'DELETE' && body !== undefined) refuse('invalid_request', 'a DELETE takes no body');
      done();
    });
    for (const routes of [
      poolRoutes,
      allocationRoutes,
      addressRoutes,
      hostBatchRoutes,
      csvImportRoutes,
      hostRoutes,
      zoneRoutes,
      renumberingRoutes,
      poolPartRoutes,
      skydnsRoutes,
      rrsetRoutes,
      zoneFileRoutes,
      forwardingRoutes,
      resolverRoutes,
      forwarderRoutes,
      tokenRoutes,
      historyRoutes,
      memberRoutes,
      backupRoutes,
      watchRoutes,
    ]) {
      await guarded.register(routes, services);
    }
  });
  return app;
}

/** Ends a hook when the promise is resolved; at once if there is none. */
function doneAfter(wait: Promise<void> | undefined, done: () => void): Promise<void> | void {
  if (wait !== undefined) return wait;
  done();
}

/**
 * Returns the id in the header `X-Request-Id`, by which the client can find the request in the log. If the header is
 * absent or its value unfit, returns a new id.
 */
function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:+/=-]{1,128}$/.test(given) ? given : randomUUID();
}

/**
 * Refuses a path that Fastify's router cannot decode, or that has a segment which is too long. Fastify calls no hooks
 * for such a request.
 */
function refuseUrl(error: { code: string }, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.headers({ ...cautiousHeaders, 'x-request-id': request.id });
  if (error.code === 'FST_ERR_BAD_URL') return sendProblem(undecodablePath(request.url), request, reply);
  if (error.code !== 'FST_ERR_MAX_PARAM_LENGTH') return sendProblem(error, request, reply);
  const tooLong = `a part of the path has more than ${maxParamLength} characters`;
  return sendProblem(new Refusal('invalid_request', tooLong), request, reply);
}

/**
 * Refuses requests in which one of these headers is wrong, whatever the route: Host, Authorization, Content-Encoding,
 * Expect.
 */
function refuseUnfit({ headers, headersDistinct, httpVersion }: IncomingMessage): void {
  const { host = [] } = headersDistinct;
  // RFC 9112 §3.2
  if (host.length > 1 || (host.length === 0 && httpVersion === '1.1'))
    refuse('invalid_request', 'exactly one Host header is needed');
  if ((headersDistinct.authorization ?? []).length > 1) refuse('invalid_request', 'duplicate Authorization header');
  // RFC 9110 §8.4.1
  const { 'content-encoding': coding = 'identity' } = headers;
  if (!/^identity$/i.test(coding))
    refuse('unsupported_media_type', `send the body without the content coding ${coding}`);
  // RFC 9110 §10.1.1
  const { expect } = headers;
  if (expect !== undefined && httpVersion === '1.1' && !/^100-continue$/i.test(expect))
    refuse('expectation_failed', 'Expect takes 100-continue only');
}

/**
 * Refuses requests that no route takes: with 404 if no route has the path, else with 405 and the methods of the path
 * (RFC 9110 §15.5.6).
 */
function refuseUnrouted(app: FastifyInstance): void {
  const taken = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    taken.set(url, new Set([...(taken.get(url) ?? []), ...[method].flat()]));
  });
  const routes: { path: RegExp; allow: string }[] = [];
  app.addHook('onReady', async () => {
    for (const [url, methods] of taken) {
      const segments = url.split('/').map((segment) => {
        if (segment === '*') return '.*';
        // The router reads `::` as the character `:`.
        return /^:(?!:)/.test(segment) ? '[^/]+' : RegExp.escape(segment.replaceAll('::', ':'));
      });
      routes.push({ path: new RegExp(`^${segments.join('/')}$`), allow: [...methods].sort().join(', ') });
    }
  });
  // This runs before the body is read, because the refusal does not depend on the body.
  app.addHook('onRequest', ({ is404, method, url }, reply, done) => {
    if (!is404) {
      done();
      return;
    }
    const allow = routes.find(({ path }) => path.test(url.replace(/[?#].*/s, '')))?.allow;
    if (allow === undefined) refuse('not_found', `there is nothing at ${method} ${url}: see /docs`);
    reply.header('allow', allow);
    const around = /^\/v1\/pools\/([^/?#]+)\/pools/.exec(url)?.[1];
    const way =
      around === undefined ? '' : `: GET /v1/pools?parent=${around} lists the pools that were carved out of it`;
    refuse('method_not_allowed', `${url} takes ${allow}${way}`);
  });
}

/**
 * Reads bodies as JSON. Accepts an empty body with the content type of JSON, because some clients send that. If the
 * route needs a body, its schema refuses the empty one.
 */
function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => (body.length === 0 ? undefined : readJson(body)),
  );
}
