// The ways in which our answers may differ from both NSD's and Knot's, with the reason for each. A long run (run.ts)
// fails if one of them is never needed. differential.test.ts fails if the list grows.

import type { Answer, Part } from './answer.ts';
import { isAtOrBelow, isBelow, parent, toWire, wireLength } from './names.ts';
import type { PeerName } from './peers.ts';
import type { Question } from './random-questions.ts';
import { type Family, type Zone, zoneOf } from './zone-builder.ts';

/** Our answer beside that of one peer. */
export interface Pair {
  family: Family;
  question: Question;
  ours: Answer;
  /** Our answer to the same question over TCP, which is never truncated. */
  whole: Answer;
  theirs: Answer;
  peer: PeerName;
}

interface DocumentedDifference {
  /** The difference, and the RFC that allows it. */
  reason: string;
  /** Returns the parts of these two answers that may differ for this reason, or none. */
  explains(pair: Pair): readonly Part[];
}

const nothing: readonly Part[] = [];
const sections: readonly Part[] = ['answer', 'authority', 'additional'];
/** The parts that differ if one server follows aliases further than another. */
const everythingFound: readonly Part[] = ['rcode', 'tc', ...sections];

export const documentedDifferences: Readonly<Record<string, DocumentedDifference>> = {
  'truncated-sections': {
    reason: 'RFC 2181 §9: a truncated response is not used, so the server may choose what it sends.',
    explains: ({ ours, theirs }) => (ours.tc && theirs.tc ? sections : nothing),
  },
  'additional-that-fits': {
    reason: 'RFC 2181 §9: without setting TC, the server may leave out additional records that are not required.',
    explains: ({ question, ours, theirs, whole }) =>
      !question.tcp && !lacksGlue(ours, whole) && isSubset(theirs.additional, whole.additional)
        ? ['additional']
        : nothing,
  },
  'additional-for-more-types': {
    reason:
      'RFC 1183 §1 and §3.3, RFC 2230 §3.1, RFC 6742 §2.4, RFC 9460 §4.1: more types than NS, MX and SRV ask for additional records. NSD adds them for RT and KX, Knot for SVCB and HTTPS. But Knot also repeats the answer, and gives additional records from a wildcard the name of the wildcard. To neither does a TargetName "." mean the owner (RFC 9460 §2.5).',
    explains: ({ ours, theirs, peer }) => {
      const more = theirs.additional.filter((record) => !ours.additional.includes(record));
      const knots = peer === 'knot' && ours.answer.some((record) => / type6[45] /.test(record));
      const asKnot = (record: string): boolean => knots && (ours.answer.includes(record) || record.startsWith('*.'));
      return more.every(asKnot) && lacksOnlyMoreTypes(ours, theirs) ? ['additional'] : nothing;
    },
  },
  'any-which-rrset': {
    reason:
      'RFC 8482 §4.1: ANY may be answered with any of the RRsets. Over a connection we answer with all, as RFC 1034 §3.7.1 says.',
    explains: ({ question, ours, theirs }) =>
      question.type === 'ANY' && ours.answer.length > 0 && theirs.answer.length > 0 && ours.rcode === theirs.rcode
        ? ['tc', ...sections]
        : nothing,
  },
  'alias-limit': {
    reason:
      'RFC 1034 §5.2.2 and RFC 6672 §3.2 set no limit to a chain of aliases. NSD stops when a DNAME leads below itself, Knot after 5 aliases, we after 16.',
    explains: ({ ours, theirs }) =>
      (goesFurther(ours, theirs) && (aliases(theirs).length === 5 || loopsBelowDname(ours, theirs))) ||
      (goesFurther(theirs, ours) && aliases(ours).length === 16) ||
      (isLoop(ours) && goesFurther(theirs, ours) && goesFurther(ours, theirs))
        ? everythingFound
        : nothing,
  },
  'alias-into-another-zone': {
    reason:
      'RFC 1034 §4.3.2, step 3a: an alias starts again at step 1, in the served zone that is closest. Knot stays within the zone that it began in.',
    explains: ({ family, question, ours, theirs, peer }) => {
      const common = aliases(ours).filter((record) => theirs.answer.includes(record));
      return peer === 'knot' && common.some((record) => leavesZone(family, question, record))
        ? everythingFound
        : nothing;
    },
  },
  'ds-of-an-undelegated-zone': {
    reason:
      'RFC 8020 §2: the apex of a served zone exists also in its parent zone, even if the parent zone does not delegate it. So no wildcard of the parent zone matches it (RFC 4592 §2.2.1). To Knot, the name does not exist in the parent zone.',
    explains: ({ family, question, ours, peer }) => {
      const asked = [question.name.toLowerCase(), ...aliases(ours).map(targetOf)];
      const undelegated = asked.some((name) => isUndelegated(family, name));
      return peer === 'knot' && question.type === 'DS' && ours.rcode === 'NOERROR' && undelegated
        ? everythingFound
        : nothing;
    },
  },
  'additional-at-delegations': {
    reason:
      'RFC 1034 §4.3.2, step 6: useful information that is available is added. The zone may have addresses of hosts at or below a delegation. We and Knot add them for all types, NSD only for NS.',
    explains: ({ family, question, ours, theirs, peer }) => {
      const cuts = family.zones.flatMap(delegations);
      const missing = ours.additional.filter((record) => !theirs.additional.includes(record));
      const below = missing.every((record) => cuts.some((cut) => isAtOrBelow(ownerOf(record), cut)));
      const rest = !question.tcp || isSubset(theirs.additional, ours.additional);
      return peer === 'nsd' && ours.aa && missing.length > 0 && below && rest ? ['additional'] : nothing;
    },
  },
  'after-yxdomain': {
    reason:
      'RFC 6672 §3.2, step 3C: if a DNAME makes a name that is too long, the answer ends. Knot goes on with the target of the DNAME.',
    explains: ({ question, ours, theirs, peer }) =>
      peer === 'knot' && isTooLong(question, ours) && isSubset(ours.answer, theirs.answer) ? everythingFound : nothing,
  },
  compression: {
    reason:
      'RFC 1035 §4.1.4: pointers are optional. We compress only against the question, Knot also against other names. A server that compresses less truncates earlier.',
    explains: ({ ours, theirs, whole }) =>
      ours.tc !== theirs.tc && isSubset(theirs.answer, whole.answer) ? everythingFound : nothing,
  },
  'authority-in-positive-answers': {
    reason:
      'RFC 1034 §4.3.2 asks for no NS beside a positive answer (RFC 2181 §5.4.1 trusts it least). NSD adds the NS records and their addresses.',
    explains: ({ ours, theirs, peer }) => {
      if (peer !== 'nsd' || ours.answer.length === 0 || ours.authority.length > 0) return nothing;
      const servers = theirs.authority.filter(isNs).map(targetOf);
      const more = theirs.additional.filter((record) => !ours.additional.includes(record));
      const theirAddresses = lacksOnlyMoreTypes(ours, theirs) && isSubset(more.map(ownerOf), servers);
      return servers.length < theirs.authority.length
        ? nothing
        : theirAddresses
          ? ['authority', 'additional']
          : ['authority'];
    },
  },
};

/** Returns whether a referral lacks an address that is needed to reach its name servers (RFC 9471 §3). */
export function lacksGlue(answer: Answer, whole: Answer): boolean {
  const cut = whole.authority.filter(isNs).map(ownerOf)[0];
  const missing = whole.additional.filter((record) => !answer.additional.includes(record));
  return !whole.aa && cut !== undefined && missing.some((record) => isAtOrBelow(ownerOf(record), cut));
}

/**
 * Returns whether the peer's additional section lacks only records of names in the rdata of types that dns-packet does
 * not decode: other types than NS, MX and SRV.
 */
function lacksOnlyMoreTypes(ours: Answer, theirs: Answer): boolean {
  const missing = ours.additional.filter((record) => !theirs.additional.includes(record));
  return missing.every((record) => ours.answer.some((answer) => namesAsOctets(answer, ownerOf(record))));
}

/**
 * Returns whether this record has the name in rdata that dns-packet left as octets. In SVCB and HTTPS in ServiceMode,
 * the root means the owner.
 */
function namesAsOctets(record: string, name: string): boolean {
  const [owner, , , mark, , octets = ''] = record.split(' ');
  if (mark !== '\\#') return false;
  const isOwnService = / type6[45] /.test(record) && !octets.startsWith('0000') && octets.startsWith('00', 4);
  return octets.startsWith(toWire(name).toString('hex'), 4) || (isOwnService && owner === name);
}

/** Returns whether the target of each alias in the answer is the owner of an alias in the answer. */
function isLoop(answer: Answer): boolean {
  const links = aliases(answer);
  return links.length > 0 && isSubset(links.map(targetOf), links.map(ownerOf));
}

/** Returns whether the peer's answer has a DNAME, and fewer aliases than ours: NSD ends a loop after its first turn. */
function loopsBelowDname(ours: Answer, theirs: Answer): boolean {
  return hasDname(theirs) && aliases(ours).length > aliases(theirs).length;
}

function isUndelegated({ zones }: Family, name: string): boolean {
  const above = zoneOf(zones, parent(name));
  return above !== undefined && zones.some(({ apex }) => apex === name) && !delegations(above).includes(name);
}

function delegations({ apex, records }: Zone): string[] {
  return records
    .map(({ owner, type }) => (type === 'NS' ? owner.toLowerCase() : apex))
    .filter((owner) => owner !== apex);
}

function ownerOf(record: string): string {
  return record.slice(0, record.indexOf(' '));
}

function targetOf(record: string): string {
  return record.slice(record.lastIndexOf(' ') + 1);
}

/** Returns whether `other` has only aliases, and `one` has all of them: `one` follows them as far, or further. */
function goesFurther(one: Answer, other: Answer): boolean {
  return one.answer.length >= other.answer.length && isSubset(other.answer, one.answer) && other.answer.every(isAlias);
}

function aliases({ answer }: Answer): string[] {
  return answer.filter((record) => / cname /.test(record));
}

function leavesZone({ zones }: Family, { type }: Question, alias: string): boolean {
  const zone = zoneAsked(zones, targetOf(alias), type);
  return zone !== undefined && zone !== zoneAsked(zones, ownerOf(alias), type);
}

/** Returns the zone that answers the question. DS is answered by the parent zone if we have it. */
function zoneAsked(zones: readonly Zone[], name: string, type: string): Zone | undefined {
  const zone = zoneOf(zones, name);
  return type === 'DS' && zone?.apex === name ? (zoneOf(zones, parent(name)) ?? zone) : zone;
}

function hasDname({ answer }: Answer): boolean {
  return answer.some((record) => / dname /.test(record));
}

/** Returns whether a DNAME in the answer makes a name of more than 255 octets from the question or from an alias. */
function isTooLong(question: Question, { rcode, answer }: Answer): boolean {
  const names = [question.name.toLowerCase(), ...answer.filter(isAlias).map(targetOf)];
  const isTooLongBy = (dname: string): boolean =>
    names.some(
      (name) =>
        isBelow(name, ownerOf(dname)) && name.length - ownerOf(dname).length + wireLength(targetOf(dname)) > 255,
    );
  return rcode === 'YXDOMAIN' && answer.some((record) => / dname /.test(record) && isTooLongBy(record));
}

function isAlias(record: string): boolean {
  return / [cd]name /.test(record);
}

function isNs(record: string): boolean {
  return / ns /.test(record);
}

export function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((record) => all.includes(record));
}
