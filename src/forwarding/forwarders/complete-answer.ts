// Follows an alias that leads out of a forwarded zone, into another forwarded zone or a zone served here, if the client
// may ask that zone. Otherwise, the client gets only the aliases.

import { rcode } from '../../dns/wire/codes.ts';
import { headerField, readUint16 } from '../../dns/wire/header.ts';
import { lowerName } from '../../dns/wire/names.ts';
import { encodeAnswer } from '../../forward-cache/answer-block.ts';
import { AnswerReader } from '../../forward-cache/answer-reader.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { MessageComposer } from './compose-message.ts';
import { expandName, maxName, namesEqual } from './expand-name.ts';
import type { ForwardRequest } from './forward-request.ts';
import { messageOf } from './kept-message.ts';
import { section, WalkedMessage } from './walk-message.ts';
import type { ZoneRoutes } from './zone-routes.ts';

/** The most zones that one answer may lead through. */
const maxZones = 8;

const composer = new MessageComposer();

/** The part of an answer that comes from one zone. */
interface Part {
  readonly message: WalkedMessage;
  readonly rcode: number;
  readonly extendedError: number;
}

/** Asks a forwarder. Returns undefined if the answer does not come in time. */
type AskZone = (request: ForwardRequest) => Promise<Uint8Array | undefined>;

/** Returns the answer, followed by the answers of the zones to which its aliases lead. `ask` asks another forwarder. */
export async function completeAnswer(
  block: Uint8Array,
  request: ForwardRequest,
  routes: ZoneRoutes,
  ask: AskZone,
): Promise<Uint8Array> {
  const first = partOf(block);
  const parts = [first.part];
  const seen: Uint8Array[] = [request.question.name];
  let { isUnfinished } = first;
  while (isUnfinished && parts.length < maxZones) {
    const target = lastAlias(parts.at(-1)!.message, seen.at(-1)!);
    if (target === undefined || seen.some((name) => Buffer.compare(name, target) === 0)) break;
    seen.push(target);
    const next = await askZone({ ...request, question: { ...request.question, name: target } }, routes, ask);
    if (next === undefined) break;
    parts.push(next.part);
    isUnfinished = next.isUnfinished;
  }
  return join(parts, request.question);
}

/**
 * Asks the zone that has the name. Returns undefined if no zone has it, if the client may not ask the zone, or if the
 * zone has no answer.
 */
async function askZone(request: ForwardRequest, routes: ZoneRoutes, ask: AskZone) {
  const { question, client } = request;
  const holder = routes.find(question.name);
  if (holder === undefined) return undefined;
  if (holder === 'own') {
    const octets = routes.ownZones.answer(question);
    const message = new WalkedMessage();
    if (octets === undefined || !message.walk(octets, octets.length)) return undefined;
    if (message.rcode !== rcode.NOERROR && message.rcode !== rcode.NXDOMAIN) return undefined;
    const end = lastAlias(message, question.name);
    // A response from our own zones has already followed the aliases in them.
    const isUnfinished = end !== undefined && routes.find(end) !== 'own';
    return { part: { message, rcode: message.rcode, extendedError: -1 }, isUnfinished };
  }
  if (!holder.admits(client)) return undefined;
  const block = await ask({ ...request, forwarder: holder.listed.id });
  if (block === undefined) return undefined;
  const found = partOf(block);
  return found.part.rcode === rcode.SERVFAIL ? undefined : found;
}

function partOf(block: Uint8Array): { part: Part; isUnfinished: boolean } {
  const reader = new AnswerReader();
  reader.open(block);
  const { rcode: code, extendedError, isUnfinished } = reader;
  const message = messageOf(block, Math.floor(Date.now() / 1_000));
  return { part: { message, rcode: code, extendedError }, isUnfinished };
}

/** Returns the lower-cased name to which the aliases of the answer lead; undefined if `name` has no alias. */
function lastAlias(message: WalkedMessage, name: Uint8Array): Uint8Array | undefined {
  const owner = new Uint8Array(maxName);
  const target = new Uint8Array(maxName);
  let at = name;
  for (let record = 0; record < message.count; record += 1) {
    if (message.sections[record] !== section.answer || message.type(record) !== typeCode.CNAME) continue;
    if (!namesEqual(owner, message.owner(record, owner), at, at.length)) continue;
    const length = expandName(message.octets, message.rdataAt(record), message.length, target);
    at = target.slice(0, length);
    lowerName(at, length);
  }
  return at === name ? undefined : at;
}

/** Joins the parts: the answer sections of all, and the other sections of the last one. */
function join(parts: readonly Part[], question: CachedQuestion): Uint8Array {
  const last = parts.at(-1) as Part;
  composer.begin(question.name, question.type, question.class);
  const ttls: number[] = [];
  const ends = [composer.at, composer.at, composer.at];
  for (let which = section.answer as number; which <= section.additional; which += 1) {
    for (const part of which === section.answer ? parts : [last]) addSection(part.message, which, ttls);
    ends[which] = composer.at;
  }
  const { octets, at: end } = composer;
  const seconds = Math.floor(Date.now() / 1_000);
  return encodeAnswer(
    {
      stored: seconds,
      expires: seconds,
      staleUntil: seconds,
      extendedError: parts.find(({ extendedError }) => extendedError >= 0)?.extendedError ?? -1,
      rcode: last.rcode,
      flags: 0,
      answers: readUint16(octets, headerField.answers),
      authorities: readUint16(octets, headerField.authorities),
      additionals: readUint16(octets, headerField.additionals),
      answersEnd: ends[0] as number,
      authoritiesEnd: ends[1] as number,
      end,
      nameLength: question.name.length,
    },
    octets,
    ttls,
  );
}

function addSection(message: WalkedMessage, which: number, ttls: number[]): void {
  for (let record = 0; record < message.count; record += 1) {
    if (message.sections[record] !== which || message.type(record) === typeCode.OPT) continue;
    if (!composer.add(message, record, which)) return;
    ttls.push(composer.ttlAt);
  }
}
