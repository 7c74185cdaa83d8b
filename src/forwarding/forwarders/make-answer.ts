// Makes an answer from a server's message: keeps the records that belong to the question and to the forwarded zone (RFC
// 5452 §6, RFC 2181 §5.4.1), limits their TTLs, and decides how long the answer may be kept.

import { rcode } from '../../dns/wire/codes.ts';
import { copyMessage, copyOctets } from '../../dns/wire/copy-octets.ts';
import { flag, headerField, headerLength, readUint16, readUint32, writeUint32 } from '../../dns/wire/header.ts';
import { answerFlag, encodeAnswer } from '../../forward-cache/answer-block.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { MessageComposer } from './compose-message.ts';
import { expandName, isBelow, maxName, namesEqual } from './expand-name.ts';
import { extendedErrorOf } from './message-options.ts';
import { section, type WalkedMessage } from './walk-message.ts';

/** The longest TTL, in seconds. RFC 8767 §4 allows seven days. */
export const maxTtl = 86_400;
/** The longest TTL of a negative answer, in seconds. RFC 2308 §5 recommends one to three hours. */
const maxNegativeTtl = 3_600;
/** The most aliases that are followed in one message. */
const maxAliases = 16;
/** Types that only clients with DO get outside the answer section (RFC 4035 §3.2.1). */
const dnssecTypes: readonly number[] = [typeCode.DS, typeCode.RRSIG, 47, 50];

/** The zone of the question's forwarder, and where other names belong. Names are uncompressed. */
export interface ZoneSight {
  readonly zone: Uint8Array;
  readonly staleSeconds: number;
  /** Returns where a name belongs: to this forwarder, to another forwarder or a zone served here, or to nobody. */
  holder(name: Uint8Array, length: number): 'this' | 'other' | 'nobody';
}

interface MadeAnswer {
  readonly block: Uint8Array;
  /** The seconds for which the answer is cached. If 0, only the clients that wait for this answer get it. */
  readonly lifetime: number;
}

/** Why a message is no answer. */
export type Unusable = 'alias loop' | 'referral' | 'contradiction';

const kept = new Uint8Array(6_000);
const current = new Uint8Array(maxName);
const owner = new Uint8Array(maxName);
const copied = new Uint8Array(65_535);
const composer = new MessageComposer();

/** Where the aliases in a message lead. */
interface Chain {
  /** The length of the last name, which is in `current`. */
  length: number;
  aliases: number;
  hasData: boolean;
  /** The last name does not belong to the forwarded zone. */
  isOutside: boolean;
}

/** Makes the answer from a message with NOERROR or NXDOMAIN. */
export function makeAnswer(
  message: WalkedMessage,
  question: CachedQuestion,
  sight: ZoneSight,
  seconds: number,
): MadeAnswer | Unusable {
  for (let record = 0; record < message.count; record += 1) kept[record] = 0;
  const chain = followChain(message, question, sight);
  if (chain === undefined) return 'alias loop';
  const { hasData, isOutside, aliases } = chain;
  const isDenied = message.rcode === rcode.NXDOMAIN && !isOutside;
  if (isDenied && hasData) return 'contradiction';
  const soa = isOutside ? -1 : keepOthers(message, question, sight, chain);
  const isNegative = !hasData && !isOutside;
  const isAuthoritative = ((message.octets[headerField.flags] as number) & flag.AA) !== 0;
  if (isNegative && !isDenied && soa < 0 && !isAuthoritative && hasDelegation(message, sight)) return 'referral';
  const leadsOn = isOutside ? sight.holder(current, chain.length) !== 'nobody' : !isDenied && !hasData && soa < 0;
  const unfinished = aliases > 0 && leadsOn;
  const negativeTtl = isNegative && soa >= 0 ? negativeTtlOf(message, soa) : maxTtl;
  const written = writeKept(message, question, isNegative ? negativeTtl : maxTtl, soa);
  const lifetime = isNegative && soa < 0 && !unfinished ? 0 : Math.min(written.minTtl, negativeTtl);
  const expires = seconds + lifetime;
  const block = encodeAnswer(
    {
      stored: seconds,
      expires,
      staleUntil: expires + sight.staleSeconds,
      extendedError: extendedErrorOf(message),
      rcode: isDenied ? rcode.NXDOMAIN : rcode.NOERROR,
      flags: unfinished ? answerFlag.unfinished : 0,
      nameLength: question.name.length,
      answers: written.answers,
      authorities: written.authorities,
      additionals: written.additionals,
      answersEnd: written.answersEnd,
      authoritiesEnd: written.authoritiesEnd,
      end: written.end,
    },
    written.octets,
    written.ttls,
  );
  return { block, lifetime: written.hasRecords ? lifetime : 0 };
}

/** Keeps the records of the question's name and of its aliases. Returns undefined if the aliases do not end. */
function followChain(message: WalkedMessage, question: CachedQuestion, sight: ZoneSight): Chain | undefined {
  copyOctets(question.name, 0, current, 0, question.name.length);
  const chain: Chain = { length: question.name.length, aliases: 0, hasData: false, isOutside: false };
  for (;;) {
    const alias = keepOwned(message, question, chain, sight);
    if (chain.hasData || alias < 0) return chain;
    chain.aliases += 1;
    if (chain.aliases > maxAliases) return undefined;
    chain.length = expandName(message.octets, message.rdataAt(alias), message.length, current);
    if (sight.holder(current, chain.length) === 'this') continue;
    chain.isOutside = true;
    return chain;
  }
}

/** Keeps the answer section's records at the current name. Returns its CNAME if it must be followed, or −1. */
function keepOwned(message: WalkedMessage, question: CachedQuestion, chain: Chain, sight: ZoneSight): number {
  const { type, class: recordClass, flags } = question;
  let alias = -1;
  for (let record = 0; record < message.count && message.sections[record] === section.answer; record += 1) {
    if (readUint16(message.octets, (message.fixed[record] as number) + 2) !== recordClass) continue;
    const found = message.type(record);
    const covers = found === typeCode.RRSIG ? readUint16(message.octets, message.rdataAt(record)) : 0;
    const isSigned = (flags & questionFlag.dnssecOk) !== 0;
    if (!isAtName(message, record, chain)) {
      const isDname = found === typeCode.DNAME || (covers === typeCode.DNAME && isSigned);
      if (isDname && isAbove(message, record, chain, sight)) kept[record] = 1;
      continue;
    }
    if (found === type || type === typeCode.ANY) chain.hasData = true;
    else if (found === typeCode.CNAME) alias = record;
    else if (!isSigned || (covers !== type && covers !== typeCode.CNAME)) continue;
    kept[record] = 1;
  }
  return alias;
}

/** Returns whether the record is at a name of the forwarded zone that is above the current name. */
function isAbove(message: WalkedMessage, record: number, chain: Chain, sight: ZoneSight): boolean {
  const length = message.owner(record, owner);
  return isBelow(current, chain.length, owner.subarray(0, length)) && sight.holder(owner, length) === 'this';
}

function isAtName(message: WalkedMessage, record: number, chain: Chain): boolean {
  if (chain.aliases === 0 && message.ownerIsQuestion(record)) return true;
  return namesEqual(owner, message.owner(record, owner), current, chain.length);
}

/** Keeps the records of the other sections that belong to the zone. Returns the SOA that denies the name, or −1. */
function keepOthers(message: WalkedMessage, question: CachedQuestion, sight: ZoneSight, chain: Chain): number {
  let soa = -1;
  for (let record = 0; record < message.count; record += 1) {
    const which = message.sections[record];
    const type = message.type(record);
    if (which === section.answer || type === typeCode.OPT) continue;
    if (readUint16(message.octets, (message.fixed[record] as number) + 2) !== question.class) continue;
    const length = message.owner(record, owner);
    if (sight.holder(owner, length) !== 'this') continue;
    const isSecure = dnssecTypes.includes(type);
    if (isSecure && (question.flags & questionFlag.dnssecOk) === 0) continue;
    if (which === section.authority) {
      const isAbove = isBelow(current, chain.length, owner.subarray(0, length));
      if (type === typeCode.SOA && isAbove && !chain.hasData) soa = record;
      else if (!isSecure && !(type === typeCode.NS && isAbove && chain.hasData)) continue;
    } else if (type !== typeCode.A && type !== typeCode.AAAA && !isSecure) continue;
    kept[record] = 1;
  }
  return soa;
}

/** Returns whether the message only refers to other servers. A server that is asked with RD should answer itself. */
function hasDelegation(message: WalkedMessage, { zone }: ZoneSight): boolean {
  for (let record = 0; record < message.count; record += 1) {
    if (message.sections[record] !== section.authority || message.type(record) !== typeCode.NS) continue;
    const length = message.owner(record, owner);
    if (length > zone.length && isBelow(owner, length, zone)) return true;
  }
  return false;
}

/** Returns the TTL of a negative answer (RFC 2308 §5). */
function negativeTtlOf(message: WalkedMessage, soa: number): number {
  const minimum = readUint32(message.octets, (message.ends[soa] as number) - 4);
  return Math.min(readUint32(message.octets, message.ttlAt(soa)), minimum, maxNegativeTtl);
}

/** Writes the kept records. `soaTtl` limits the TTL of the record `soa`. */
function writeKept(message: WalkedMessage, question: CachedQuestion, soaTtl: number, soa: number) {
  const counts = [0, 0, 0];
  const ends = [0, 0, 0];
  const ttls: number[] = [];
  let minTtl = maxTtl;
  const whole = isWhole(message);
  let octets = composer.octets;
  if (whole) {
    octets = copied;
    copyMessage(message.octets, message.length, octets, 0);
    copyOctets(question.name, 0, octets, headerLength, question.name.length);
  } else composer.begin(question.name, question.type, question.class);
  const start = headerLength + question.name.length + 4;
  let end = start;
  for (let record = 0; record < message.count; record += 1) {
    if (kept[record] === 0) continue;
    const which = message.sections[record] as number;
    if (!whole && !composer.add(message, record, which)) break;
    const ttl = Math.min(readUint32(message.octets, message.ttlAt(record)), record === soa ? soaTtl : maxTtl);
    const place = whole ? message.ttlAt(record) : composer.ttlAt;
    end = whole ? (message.ends[record] as number) : composer.at;
    writeUint32(octets, place, ttl);
    ttls.push(place);
    minTtl = Math.min(minTtl, ttl);
    counts[which] = (counts[which] as number) + 1;
    ends[which] = end;
  }
  const answersEnd = ends[0] || start;
  const authoritiesEnd = ends[1] || answersEnd;
  const [answers, authorities, additionals] = counts as [number, number, number];
  return {
    octets,
    ttls,
    minTtl,
    hasRecords: ttls.length > 0,
    answers,
    authorities,
    additionals,
    answersEnd,
    authoritiesEnd,
    end,
  };
}

/** Returns whether all records are kept, except an OPT record at the end: then the message can be copied as it is. */
function isWhole(message: WalkedMessage): boolean {
  const count = message.opt === message.count - 1 ? message.opt : message.count;
  if (message.opt >= 0 && message.opt !== count) return false;
  for (let record = 0; record < count; record += 1) if (kept[record] === 0) return false;
  return true;
}

/**
 * Returns a SERVFAIL answer with the extended error `why` (RFC 8914). The answer may be cached for `lifetime` seconds.
 */
export function failureAnswer(question: CachedQuestion, why: number, seconds: number, lifetime = 0): Uint8Array {
  composer.begin(question.name, question.type, question.class);
  const end = composer.at;
  const expires = seconds + lifetime;
  return encodeAnswer(
    {
      stored: seconds,
      expires,
      staleUntil: expires,
      extendedError: why,
      rcode: rcode.SERVFAIL,
      flags: 0,
      answers: 0,
      authorities: 0,
      additionals: 0,
      answersEnd: end,
      authoritiesEnd: end,
      end,
      nameLength: question.name.length,
    },
    composer.octets,
    [],
  );
}
