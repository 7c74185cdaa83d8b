// Asks a resolver of the company whether it forwards a zone to us. The resolver gets three questions at once: for the
// SOA of the zone, which it may have in its cache, and for two random names in the zone, which it must ask for; one of
// the two without validation. An answer that denies the name or the type has the SOA, with its serial, of the server
// that the resolver asked. Only a wildcard with an alias hides this SOA.

import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../../model/endpoint.ts';
import { type Fqdn, root } from '../../model/name.ts';
import { serialsBehind } from '../../model/revision.ts';
import { type AnsweredSoa, askServer, type ServerAnswer } from './ask-server.ts';

/** What a resolver does with the names of a zone. */
export const verdicts = [
  'forwards',
  'stale',
  'elsewhere',
  'not_forwarded',
  'validation_fails',
  'fails',
  'refuses',
  'silent',
] as const;
export type Verdict = (typeof verdicts)[number];

export interface Verification {
  verdict: Verdict;
  /** For people: what was seen, and what to do. */
  detail: string;
}

/** The values of the zone's SOA in our own copy. */
interface OurSoa {
  serial: number;
  primary: string;
}

/**
 * How long to wait for each answer, in milliseconds. A resolver whose first target is dead may need two seconds until
 * it asks the next.
 */
const milliseconds = 5000;
const [noError, serverFailure, nameError, refused] = [0, 2, 3, 5];

/** Asks the resolver. `ours` is called before and after the questions, since the zone may change meanwhile. */
export async function verifyResolver(resolver: Endpoint, zone: Fqdn, ours: () => OurSoa): Promise<Verification> {
  const before = ours();
  const randomName = () => {
    const label = `zonewright-verify-${randomUUID().slice(0, 13)}`;
    return (zone === root ? label : `${label}.${zone}`) as Fqdn;
  };
  const ask = (name: Fqdn, withoutValidation = false) =>
    askServer(resolver, { name, milliseconds, recursive: true, withoutValidation }).catch(() => undefined);
  const [cached, fresh, unvalidated] = await Promise.all([ask(zone), ask(randomName()), ask(randomName(), true)]);
  const hasFailed = fresh === undefined || fresh.rcode === serverFailure;
  // Validation may fail only after a long time if the resolver cannot reach the root of the Internet.
  if (hasFailed && unvalidated !== undefined && [noError, nameError].includes(unvalidated.rcode)) {
    if (denialOf(unvalidated, zone) === undefined && !unvalidated.hasAnswers)
      return judge({ cached: undefined, fresh: unvalidated }, zone, before, ours());
    return tell(
      'validation_fails',
      `it finds ${zone} only without DNSSEC validation: except the zone from it, as the rendered configuration does`,
    );
  }
  const bad = fresh ?? unvalidated ?? cached;
  if (bad === undefined)
    return tell('silent', 'it does not answer: check its address and port, and that it takes queries of this replica');
  if (bad.rcode === refused) return tell('refuses', 'it refuses queries of this replica: allow its address there');
  if (bad.rcode === serverFailure) {
    return tell(
      'fails',
      `it answers SERVFAIL: it may forward ${zone} to targets that it cannot reach, or ask the Internet in vain`,
    );
  }
  if (bad.rcode !== noError && bad.rcode !== nameError)
    return tell('fails', `it answers with the error ${bad.rcode} and says nothing of ${zone}: look at its log`);
  if (bad.isTruncated) {
    return tell('fails', 'it cuts its answers to this replica, which asks over UDP: look at its limits for clients');
  }
  return judge({ cached, fresh }, zone, before, ours());
}

function tell(verdict: Verdict, detail: string): Verification {
  return { verdict, detail };
}

interface Answers {
  cached: ServerAnswer | undefined;
  fresh: ServerAnswer | undefined;
}

function judge({ cached, fresh }: Answers, zone: Fqdn, before: OurSoa, after: OurSoa): Verification {
  const denial = denialOf(fresh, zone);
  const known = cached?.soa?.owner === ownerOf(zone) ? cached.soa : undefined;
  const seen = denial ?? (fresh === undefined || fresh.hasAnswers ? known : undefined);
  if (seen === undefined) {
    const instead = fresh?.denial === undefined ? '' : `, as the zone '${fresh.denial.owner || '.'}' says`;
    const has = known === undefined ? '' : ', though it still has its SOA in its cache';
    return tell(
      'not_forwarded',
      `it does not ask for names in ${zone}: it answers that there are none${instead}${has}`,
    );
  }
  if (!isOurs(seen, before, after)) {
    return tell(
      'elsewhere',
      `it forwards to a server with another copy of ${zone}: SOA ${seen.primary}, serial ${seen.serial}; here it is ${after.primary}, serial ${after.serial}`,
    );
  }
  if (serialsBehind(seen.serial, before.serial) > 0) {
    return tell('stale', `it asks a copy of ${zone} that is behind: serial ${seen.serial}; here it is ${after.serial}`);
  }
  if (known !== undefined && serialsBehind(known.serial, before.serial) > 0) {
    return tell(
      'stale',
      `it forwards, but its cache still has answers of serial ${known.serial}, for ${known.ttl} s more; here it is ${after.serial}`,
    );
  }
  return tell('forwards', `it forwards ${zone} here: it answers with serial ${seen.serial}`);
}

/** Returns the zone's SOA if the answer denies the name or its type. */
function denialOf(answer: ServerAnswer | undefined, zone: Fqdn): AnsweredSoa | undefined {
  return answer?.denial?.owner === ownerOf(zone) ? answer.denial : undefined;
}

/** Returns the name of the zone in the form of answers. */
function ownerOf(zone: Fqdn): string {
  return zone === root ? '' : zone;
}

/** Returns whether a SOA is that of our zone: it has our primary, or our serial, which others hardly have by chance. */
function isOurs(seen: AnsweredSoa, before: OurSoa, after: OurSoa): boolean {
  return [before, after].some(({ primary, serial }) => seen.primary === primary || seen.serial === serial);
}
