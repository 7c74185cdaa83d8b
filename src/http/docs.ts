// The API's description for people, below /docs: Swagger UI on a page of our own. The page loads nothing from other
// servers. Each file is read when a browser asks for it, because most replicas never need the files (bench/weight.ts).

import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { refuse } from '../errors.ts';

const ours = (file: string) => join(import.meta.dirname, 'docs', file);
const framework = (file: string) =>
  join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json')), 'static', file);

/** The files of the page, with their media types and paths. */
const files: Record<string, [mediaType: string, path: () => string]> = {
  '': ['text/html; charset=utf-8', () => ours('page.html')],
  'page.js': ['text/javascript; charset=utf-8', () => ours('page.js')],
  'page.css': ['text/css; charset=utf-8', () => ours('page.css')],
  'icon.svg': ['image/svg+xml', () => ours('icon.svg')],
  'swagger-ui.css': ['text/css; charset=utf-8', () => framework('swagger-ui.css')],
  'swagger-ui-bundle.js': ['text/javascript; charset=utf-8', () => framework('swagger-ui-bundle.js')],
};

/** Swagger UI has icons in `data:` URLs, and sets styles of elements. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Adds the page, and redirects / to it. */
export function addDocs(app: FastifyInstance): void {
  app.get('/', { schema: { hide: true } }, (_, reply) => reply.redirect('docs/'));
  app.get('/docs', { schema: { hide: true } }, (_, reply) => reply.redirect('docs/'));
  app.get<{ Params: { '*': string } }>('/docs/*', { schema: { hide: true } }, (request, reply) => {
    const { '*': name } = request.params;
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    if (file === undefined) refuse('not_found', `there is nothing at ${request.method} ${request.url}`);
    const [mediaType, path] = file;
    reply.header('content-security-policy', contentSecurityPolicy).header('cache-control', 'no-cache');
    return reply.type(mediaType).send(createReadStream(path()));
  });
}
