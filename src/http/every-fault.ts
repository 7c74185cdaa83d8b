// Tells all faults of a request in one answer. A request is checked in three stages: its schema, the parsers of its
// fields, and the decision of the use case. Each stage finds all its faults, but needs valid input. So after a refusal,
// the handler of the route runs again in trials: the faulty fields are unknown values (model/unknown.ts), and nothing
// is committed. The answer has the faults of all trials.

import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import { mayHaveMore, Refusals } from '../control/input/refusals.ts';
import { type Decide, findFaults } from '../control/transaction/decision.ts';
import { faultyInput, Refusal } from '../errors.ts';
import { UnknownValue, unknownValue } from '../model/unknown.ts';
import { askingOf } from './auth.ts';
import { hasManyValues } from './lazy-compilers.ts';
import { faultsOfJson } from './read-json.ts';
import { absentBesideStrays, faultsOf, type Validation } from './schema-faults.ts';
import type { Services } from './services.ts';
import { withUnknown } from './with-unknown.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** `parsing`: the fields are being parsed. `decided`: they are parsed, and the decision has begun. */
    stage: 'parsing' | 'decided';
    /** True in a trial: nothing is committed or answered. */
    isTrial: boolean;
  }
}

/** The limit for trials of one request. A request has fewer stages. */
const maxTrials = 6;

/** Makes the routes that are added after this call tell all faults. */
export function tellEveryFault(app: FastifyInstance): void {
  app.decorateRequest('stage', 'parsing');
  app.decorateRequest('isTrial', false);
  const wrapped = new WeakSet<RouteHandlerMethod>();
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    // A route for HEAD shares the handler of its route for GET: wraps the handler once.
    if (wrapped.has(handler)) return;
    route.attachValidation = true;
    route.handler = async function (request, reply) {
      const run: Run = (asked, answer) => handler.call(this, asked, answer);
      return handle(run, request, reply);
    };
    wrapped.add(route.handler);
  });
}

type Run<T = unknown> = (request: FastifyRequest, reply: FastifyReply) => T | Promise<T>;

/** An item of a request that has several, each of which is handled by itself. */
interface Item {
  value: unknown;
  /** The faults of the item by its schema. */
  faults: readonly Validation[];
}

/**
 * Handles one item of a request as a request whose body is the item. If the item is refused, tells all its faults. The
 * paths of the faults begin at the item.
 */
export function handleItem<T>(request: FastifyRequest, { value, faults }: Item, run: Run<T>): Promise<T> {
  const own = Object.create(request, {
    body: { value },
    stage: { value: 'parsing', writable: true },
    validationError: { value: faults.length > 0 ? { validation: faults, validationContext: 'body' } : undefined },
  }) as FastifyRequest;
  // The answer to the request has all items: no item is answered by itself.
  return handle(run, own, unknownValue);
}

async function handle<T>(run: Run<T>, request: FastifyRequest, reply: FastifyReply): Promise<T> {
  const told = new Refusals();
  const unknown = noteSchemaFaults(told, request);
  if (told.together() === undefined) {
    try {
      return await run(request, reply);
    } catch (error) {
      if (!(error instanceof Refusal) || !mayGoOn(error, request)) throw error;
      told.add(error);
    }
  }
  if (!isLong(request)) await tellMore(told, unknown, run, request);
  throw told.together();
}

/** Returns whether the body has so many values that only its first fault is told (lazy-compilers.ts). */
function isLong({ body }: FastifyRequest): boolean {
  return typeof body === 'object' && !(body instanceof Readable) && hasManyValues(body);
}

/** Returns whether a trial may find more faults. A trial needs the path of a faulty field. */
function mayGoOn(refusal: Refusal, request: FastifyRequest): boolean {
  const { errors, code, status } = refusal;
  if (errors === undefined || code === 'forbidden' || status >= 500) return false;
  return request.stage === 'parsing' || mayHaveMore(refusal);
}

/**
 * Adds the faults that trials find. `unknown`: paths of absent fields ({@link noteSchemaFaults}). They, too, have
 * unknown values in the trials.
 */
async function tellMore(told: Refusals, unknown: readonly string[], run: Run, request: FastifyRequest): Promise<void> {
  for (let trials = 0; trials < maxTrials && !told.full; trials += 1) {
    const paths = [...told.faults.map(({ path }) => path), ...unknown];
    const found = await tryOut(run, withUnknown(request, paths));
    const news = found?.errors?.filter(({ path }) => !paths.some((one) => isAt(one, path))) ?? [];
    if (found === undefined || news.length === 0) return;
    told.add(new Refusal(found.code, found.message, { errors: news, members: found.members }));
  }
}

/** Returns whether a path is that of a field, or lies inside the field. */
function isAt(field: string, path: string): boolean {
  return path === field || (path.startsWith(`${field}/`) && !/^[?:h]/.test(path));
}

/** Runs a trial. Returns its refusal; undefined if it has found nothing to tell. */
async function tryOut(run: Run, request: FastifyRequest): Promise<Refusal | undefined> {
  try {
    await run(request, unknownValue);
  } catch (error) {
    if (error instanceof Refusal) return error.code === 'forbidden' || error.status >= 500 ? undefined : error;
    // The client still gets the faults that were found before.
    if (!(error instanceof UnknownValue)) request.log.error(error, 'a trial of a refused request failed');
  }
  return undefined;
}

/**
 * Ends a trial of a route that makes no decision, before the route does its work. Routes without effects need not call
 * it.
 */
export function endTrial(request: FastifyRequest): void {
  request.stage = 'decided';
  if (request.isTrial) throw new UnknownValue();
}

/** Notes that the request is parsed. In a trial, makes the decision and throws the faults that it finds. */
export function beginDecision(services: Services, request: FastifyRequest, decide: Decide<unknown>): void {
  request.stage = 'decided';
  if (!request.isTrial) return;
  if (services.views.obstacle !== undefined) throw new UnknownValue();
  findFaults(askingOf(services, request), decide);
}

const parts = ['params', 'body', 'querystring', 'headers'] as const;

/**
 * Notes the faults of the JSON text, and those of the request's parts by their schemas. Fastify has checked the parts
 * up to the first faulty one. Returns the paths of absent fields whose names may be misspelt in the request.
 */
function noteSchemaFaults(told: Refusals, request: FastifyRequest): string[] {
  const ofJson = faultsOfJson(request.body);
  if (ofJson.length > 0) told.add(faultyInput(ofJson));
  const { validationError } = request;
  if (validationError === undefined) return [];
  const { validation: first = [], validationContext } = validationError;
  const reached = parts.indexOf(validationContext as (typeof parts)[number]);
  const validations = parts.map((part, index) => {
    if (index <= reached) return { part, validation: index === reached ? first : [] };
    return { part, validation: validate(request, part) };
  });
  told.add(faultyInput(validations.flatMap(({ part, validation }) => faultsOf(validation, part))));
  return told.full ? [] : validations.flatMap(({ part, validation }) => absentBesideStrays(validation, part));
}

/** Returns what Ajv reports of a part of the request. */
function validate(request: FastifyRequest, part: (typeof parts)[number]): readonly Validation[] {
  const isValid = request.getValidationFunction(part) as unknown as ((value: unknown) => Verdict) | undefined;
  const verdict = isValid?.(request[part === 'querystring' ? 'query' : part] ?? null) ?? true;
  return verdict === true ? [] : verdict.error;
}

/** What a validator of lazy-compilers.ts returns. */
export type Verdict = true | { error: Validation[] };
