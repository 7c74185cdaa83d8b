// Creates each host of a batch by itself: if one is refused, the others are still created. The commit loop puts many
// of them into one transaction. The route: routes/host-batch.ts.

import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { decideCreateHost, type HostCreated } from '../control/hosts/create-host.ts';
import { firstOfNames, refuseRepeatedName } from '../control/hosts/create-hosts.ts';
import { type HostInput, parseHostInput } from '../control/hosts/host-input.ts';
import { refusalAt } from '../control/input/refusals.ts';
import { withoutSecrets } from '../control/tokens/token-secret.ts';
import { type RequestIdentity, sortFields } from '../control/transaction/commit-once.ts';
import { type Committed, type Decide, noChange } from '../control/transaction/decision.ts';
import { BoundedWork } from '../model/bounded-work.ts';
import { parseHostName } from '../model/host.ts';
import { unlessInvalid } from '../model/invalid-value.ts';
import type { Fqdn } from '../model/name.ts';
import { turn } from '../model/turn.ts';
import { isKnown } from '../model/unknown.ts';
import { actorOf } from './auth.ts';
import { beginDecision, handleItem, type Verdict } from './every-fault.ts';
import { problemOf, refusalFrom } from './problem.ts';
import { type HostResults, showHost } from './schemas/host.ts';
import type { Services } from './services.ts';

/**
 * The hosts of one request that wait for their transactions at a time. They fill a few transactions: other requests
 * wait at most as long as these take.
 */
const maxUnderWay = 128;
/** The limit for the characters of all problems. Beyond it, problems have no details. */
const maxProblems = 1_000_000;

type Results = Static<typeof HostResults>;
type Result = Results['items'][number];

/** Returns the result of a host that was created. */
export function showResult(index: number, { result, revision }: Committed<HostCreated>): Result {
  const { warnings, ...host } = result;
  return { index, status: 201, host: showHost(host, revision, warnings) };
}

/**
 * Creates each of the hosts. Hosts that name their addresses come first, so that the others do not get these addresses.
 * With an Idempotency-Key, the store keeps the answer of each host: so a repeated request also goes on where the first
 * one stopped (test/http/host-batch.test.ts). `check`: checks a host by its schema. When `gone` aborts, no more hosts
 * are begun. `revision`: that of the last transaction.
 */
export async function createEach(
  services: Services,
  request: FastifyRequest,
  hosts: readonly unknown[],
  check: (host: unknown) => Verdict,
  gone: AbortSignal,
): Promise<{ revision: number; results: Results }> {
  const identityOf = await beginRepeatable(services, request, hosts);
  const items: Result[] = new Array(hosts.length);
  const firstOf = firstOfNames(await namesOf(hosts));
  let { revision } = services.views;
  let problems = 0;
  let created = 0;

  const createOne = async (index: number) => {
    const verdict = check(hosts[index]);
    const item = { value: hosts[index], faults: verdict === true ? [] : verdict.error };
    const committed = await handleItem(request, item, (asked) => {
      const wanted = parseHostInput(asked.body as HostInput);
      const first = isKnown(wanted.name) ? firstOf.get(wanted.name) : undefined;
      if (first !== undefined && first !== index) refuseRepeatedName(wanted.name, first);
      const decide: Decide<HostCreated> = (context) => decideCreateHost(context, wanted);
      beginDecision(services, asked, decide);
      const identity = identityOf(index);
      return identity === undefined
        ? services.committer.commit(actorOf(request), decide)
        : services.once.commit(actorOf(request), identity, decide);
    });
    if (committed.revision > revision) revision = committed.revision;
    created += 1;
    items[index] = showResult(index, committed);
  };

  const refuseOne = (index: number, error: unknown) => {
    const refusal = refusalAt(`/hosts/${index}`, refusalFrom(error));
    if (refusal.code === 'internal_error') request.log.error(error);
    const whole = withoutSecrets(JSON.stringify(problemOf(refusal)));
    problems += whole.length;
    const { type, title, status, code } = JSON.parse(whole);
    const short = { type, title, status, code, detail: 'send fewer hosts at once: then problems have their details' };
    items[index] = { index, status, problem: problems > maxProblems ? short : JSON.parse(whole) };
  };

  const waiting = hosts
    .keys()
    .toArray()
    .sort((a, b) => namesAddresses(hosts[b]) - namesAddresses(hosts[a]) || a - b);
  const work = new BoundedWork(maxUnderWay);
  for (const index of waiting) {
    if (gone.aborted || work.hasFailed) break;
    await turn();
    await work.begin(() => createOne(index).catch((error: unknown) => refuseOne(index, error)));
  }
  await work.finish();
  return { revision, results: { items, created, failed: hosts.length - created } };
}

/** Returns the names of the hosts; undefined for a host without a name that can be read. */
async function namesOf(hosts: readonly unknown[]): Promise<(Fqdn | undefined)[]> {
  const names: (Fqdn | undefined)[] = [];
  for (const host of hosts) {
    await turn();
    const name = typeof host === 'object' && host !== null && 'name' in host ? host.name : undefined;
    names.push(typeof name === 'string' ? unlessInvalid(() => parseHostName(name)) : undefined);
  }
  return names;
}

function namesAddresses(host: unknown): number {
  return Number(typeof host === 'object' && host !== null && 'addresses' in host);
}

/**
 * Notes in the store that the Idempotency-Key of the request belongs to this batch. Returns a function that gives each
 * host its identity; without a key, an identity is undefined. Refuses as {@link OnceCommitter.commit} does.
 */
async function beginRepeatable(
  { once }: Services,
  request: FastifyRequest,
  hosts: readonly unknown[],
): Promise<(index: number) => RequestIdentity | undefined> {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return () => undefined;
  const hash = createHash('sha256');
  for (const host of hosts) {
    await turn();
    hash.update(JSON.stringify(host, sortFields));
  }
  const identity = { key, method: request.method, path: request.url, body: hash.digest('hex') };
  await once.commit(actorOf(request), identity, () => noChange({ hosts: hosts.length }));
  // A header cannot have a line break: so no request has the key of a host.
  return (index) => ({ ...identity, key: `${key}\n${index}` });
}
