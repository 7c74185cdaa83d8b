// The API's description for people, below /docs: Swagger UI in a Fastify instance of its own. The first request starts
// it: its packages take some MB, and most replicas never need them (bench/weight.ts).

import type { FastifyStaticSwaggerOptions } from '@fastify/swagger';
import fastify, { type FastifyInstance, LogController } from 'fastify';
import { refuse } from '../errors.ts';
import { sendProblem } from './problem.ts';

type Specification = FastifyStaticSwaggerOptions['specification'];

const prefix = '/docs';

/** Passes requests below /docs to the instance of Swagger UI. `app` describes its routes with `swagger()`. */
export function addDocs(app: FastifyInstance): void {
  let docs: Promise<FastifyInstance> | undefined;
  app.addHook('onClose', async () => (await docs?.catch(() => undefined))?.close());
  for (const url of [prefix, `${prefix}/*`]) {
    app.get(url, { schema: { hide: true } }, async ({ raw }, reply) => {
      docs ??= startDocs(app).catch((error: unknown) => {
        // The next request tries again.
        docs = undefined;
        throw error;
      });
      const { routing } = await docs;
      reply.hijack();
      routing(raw, reply.raw);
    });
  }
}

async function startDocs(app: FastifyInstance): Promise<FastifyInstance> {
  const { default: swagger } = await import('@fastify/swagger');
  const { default: swaggerUi } = await import('@fastify/swagger-ui');
  const docs = fastify({ loggerInstance: app.log, logController: new LogController({ disableRequestLogging: true }) });
  docs.setErrorHandler(sendProblem);
  docs.setNotFoundHandler((request) => refuse('not_found', `there is nothing at ${request.method} ${request.url}`));
  await docs.register(swagger, { mode: 'static', specification: { document: app.swagger() } as Specification });
  await docs.register(swaggerUi, { routePrefix: prefix, theme: { title: 'Zonewright API' } });
  await docs.ready();
  return docs;
}
