// The functions that all writes share: commits of decisions, idempotency keys, preconditions, and the headers of
// answers.

import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTag, type Precondition } from '../control/input/precondition.ts';
import { type Cleared, commitByForce } from '../control/transaction/commit-by-force.ts';
import type { Committed, Decide, Standing } from '../control/transaction/decision.ts';
import { refuse } from '../errors.ts';
import { isKnown, orUnknown } from '../model/unknown.ts';
import { actorOf } from './auth.ts';
import { clientSignal } from './client-signal.ts';
import { beginDecision } from './every-fault.ts';
import type { Services } from './services.ts';

/**
 * Commits a decision, and sets the header `zonewright-revision`. A POST whose `Idempotency-Key` was used before gets
 * the first answer again. `waitSeconds`: how long the request waits if no address is free.
 */
export async function commitFor<T>(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  decide: Decide<T>,
  waitSeconds?: number,
): Promise<Committed<T>> {
  beginDecision(services, request, decide);
  const actor = actorOf(request);
  const key = request.headers['idempotency-key'];
  const commit = (placed: Decide<T>) => {
    if (request.method !== 'POST' || typeof key !== 'string') return services.committer.commit(actor, placed);
    // A repeated request may wait longer, or not at all.
    const path = waitSeconds === undefined ? request.url : (request.url.split('?')[0] as string);
    return services.once.commit(actor, { key, method: request.method, path, body: request.body }, placed);
  };
  const committed =
    waitSeconds === undefined
      ? await commit(decide)
      : await services.line.wait(
          actor,
          {
            seconds: waitSeconds,
            gone: clientSignal(reply),
            repeats: key === undefined ? undefined : JSON.stringify([actor.id, key]),
          },
          (placed) => commit(placed(decide)),
        );
  reply.header('zonewright-revision', String(committed.revision));
  return committed;
}

/**
 * Deletes what stands in the way of the decision (`clear`), then commits the decision, and sets the header
 * `zonewright-revision`. Calls `note` with what each transaction cleared. Ignores `Idempotency-Key`: so the route of a
 * POST must not call this function.
 */
export async function commitByForceFor<T, C extends Cleared>(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  clear: Decide<C>,
  decide: Decide<T>,
  note: (cleared: C) => void = () => {},
): Promise<Committed<T>> {
  beginDecision(services, request, clear);
  const committed = await commitByForce(services.committer, actorOf(request), clear, decide, note);
  reply.header('zonewright-revision', String(committed.revision));
  return committed;
}

/** Returns the precondition in `If-Match` and `If-None-Match: *`. Refuses `If-None-Match` with entity tags. */
export function preconditionOf(request: FastifyRequest): Precondition {
  const match = request.headers['if-match'];
  const noneMatch = request.headers['if-none-match'];
  if (noneMatch !== undefined && isKnown(noneMatch) && noneMatch !== '*') {
    refuse('invalid_request', 'a write takes If-None-Match: * only', {}, 'header if-none-match');
  }
  return {
    ...(match !== undefined && { match: orUnknown(() => match.split(',').map((tag) => withoutBody(tag.trim()))) }),
    ...(noneMatch === '*' && { create: true }),
  };
}

/**
 * Returns the entity tag of a resource whose body also changes by writes to other resources: a pool's usage, a zone's
 * serial, the pools of a host's addresses. A read compares the whole tag. A write compares the tag without the hash of
 * the body: {@link withoutBody}.
 */
export function withBody(tag: string, body: unknown): string {
  const digest = hash('sha256', JSON.stringify(body), 'base64url').slice(0, 8);
  return `${tag.slice(0, -1)}.${digest}"`;
}

/** Removes the hash of the body from an entity tag. */
function withoutBody(tag: string): string {
  return tag.replace(/\.[^.]*"$/, '"');
}

/** Sends a resource that was read, or 304 without it if `If-None-Match` has its tag or is `*`. */
export function sendResource(request: FastifyRequest, reply: FastifyReply, tag: string, body: unknown): FastifyReply {
  reply.header('etag', tag);
  const held = request.headers['if-none-match']?.split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (held?.some((one) => one === tag || one === '*')) return reply.removeHeader('content-type').status(304).send();
  return reply.send(body);
}

/** Returns the revision that last wrote the resource: an earlier revision if this write has changed nothing. */
export function writtenAt({ result, revision }: Committed<Standing>): Pick<Committed<unknown>, 'revision'> {
  return { revision: result.standingSince ?? revision };
}

/** Answers a deletion: 200 with what there is to tell, or 204 if that is nothing. */
export function sendDeleted(reply: FastifyReply, shown: { warnings?: unknown[]; released?: object }): FastifyReply {
  return Object.keys(shown).length === 0 ? reply.status(204).send(null) : reply.status(200).send(shown);
}

/** Sends a resource that was written: 201 with its location if it is new, otherwise 200. */
export function sendWritten<Body>(
  reply: FastifyReply,
  { revision }: Pick<Committed<unknown>, 'revision'>,
  created: boolean,
  location: string,
  body: Body,
  tagOf: (tag: string, body: Body) => string,
): FastifyReply {
  reply.header('etag', tagOf(entityTag(revision), body));
  if (created) reply.header('location', location);
  return reply.status(created ? 201 : 200).send(body);
}
