// /v1/tokens: the tokens of the store. Only the answers to creation and rotation have a secret.

import type { FastifyReply } from 'fastify';
import { entityTag } from '../../control/input/precondition.ts';
import { decideCreateToken } from '../../control/tokens/create-token.ts';
import { decideDeleteToken } from '../../control/tokens/delete-token.ts';
import { existingToken, needTokens, type ShownToken, shownToken } from '../../control/tokens/existing-token.ts';
import { decideRotateToken } from '../../control/tokens/rotate-token.ts';
import { parseTokenInput } from '../../control/tokens/token-input.ts';
import { type NewSecret, newSecret } from '../../control/tokens/token-secret.ts';
import type { Committed } from '../../control/transaction/decision.ts';
import { Type } from '../../model/json-schema.ts';
import { orUnknown } from '../../model/unknown.ts';
import { askingOf } from '../auth.ts';
import { pageOf } from '../page.ts';
import { created, deleted, read, shown, written } from '../schemas/answers.ts';
import { idempotencyHeaders, listOf, pageQuery, readHeaders, strict, writeHeaders } from '../schemas/common.ts';
import { NewToken, showToken, TokenBody, WrittenToken } from '../schemas/token.ts';
import type { Routes } from '../services.ts';
import { commitFor, preconditionOf, sendResource, sendWritten, withBody } from '../write.ts';

const tags = ['tokens'];
const params = strict({ id: Type.String({ minLength: 1, maxLength: 63 }) });

export const tokenRoutes: Routes = async (app, services) => {
  const { views } = services;

  /** Sends a token with its secret. The answer to a repeated request has no secret, because secrets are not stored. */
  const sendWithSecret = (
    reply: FastifyReply,
    committed: Committed<ShownToken>,
    { shown }: NewSecret,
    isNew: boolean,
  ): FastifyReply => {
    const token = showToken(committed.result);
    const body = committed.repeated === true ? token : { ...token, token: shown };
    return sendWritten(reply, committed, isNew, `/v1/tokens/${token.id}`, body, (tag) => withBody(tag, token));
  };

  app.post(
    '/v1/tokens',
    {
      schema: {
        operationId: 'createToken',
        tags,
        summary: 'Create a token',
        headers: idempotencyHeaders,
        body: NewToken,
        refuses: ['already_exists', 'pool_not_found'],
        response: created(WrittenToken),
      },
    },
    async (request, reply) => {
      const wanted = parseTokenInput(request.body);
      const secret = orUnknown(() => newSecret(wanted.id));
      const committed = await commitFor(services, request, reply, (context) =>
        decideCreateToken(context, wanted, secret),
      );
      return sendWithSecret(reply, committed, secret, true);
    },
  );

  app.get(
    '/v1/tokens',
    {
      schema: {
        operationId: 'listTokens',
        tags,
        summary: 'List tokens',
        querystring: strict(pageQuery),
        response: shown(listOf(TokenBody)),
      },
    },
    async (request) => {
      needTokens(askingOf(services, request));
      const tokens = [...views.tokens.values()].map(({ value }) => value).sort((a, b) => (a.id < b.id ? -1 : 1));
      return pageOf(request.query, String, {
        items: (after) => tokens.filter(({ id }) => after === undefined || id > after),
        keyOf: ({ id }) => id,
        show: (token) => showToken(shownToken(views, token)),
      });
    },
  );

  app.post(
    '/v1/tokens/:id/rotate',
    {
      schema: {
        operationId: 'rotateToken',
        tags,
        summary: 'Replace the secret of a token',
        params,
        headers: idempotencyHeaders,
        refuses: ['not_found'],
        response: written(WrittenToken),
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const secret = newSecret(id);
      const committed = await commitFor(services, request, reply, (context) => decideRotateToken(context, id, secret));
      return sendWithSecret(reply, committed, secret, false);
    },
  );

  app.get(
    '/v1/tokens/:id',
    {
      schema: {
        operationId: 'readToken',
        tags,
        summary: 'Read a token, without its secret',
        params,
        headers: readHeaders,
        refuses: ['not_found'],
        response: read(TokenBody),
      },
    },
    async (request, reply) => {
      const { value, modified } = existingToken(askingOf(services, request), request.params.id);
      const body = showToken(shownToken(views, value));
      return sendResource(request, reply, withBody(entityTag(modified), body), body);
    },
  );

  app.delete(
    '/v1/tokens/:id',
    {
      schema: {
        operationId: 'deleteToken',
        tags,
        summary: 'Revoke a token',
        params,
        headers: writeHeaders,
        refuses: ['not_found'],
        response: deleted,
      },
    },
    async (request, reply) => {
      const deletion = { id: request.params.id, precondition: preconditionOf(request) };
      await commitFor(services, request, reply, (context) => decideDeleteToken(context, deletion));
      return reply.status(204).send(null);
    },
  );
};
