// The tenant of questions to forward, in the forwarder's thread. The tenant finds the question that must be asked, asks
// an `AnswerSource` (forwarding/forwarders/), and writes the response from the answer.

import { answerFlag, encodeAnswer } from '../../forward-cache/answer-block.ts';
import { AnswerReader } from '../../forward-cache/answer-reader.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { shortLivedCopy } from '../../model/short-lived-octets.ts';
import { writeForwarded } from '../respond/forward-query.ts';
import type { MissingAnswer } from '../respond/forwarded-answers.ts';
import type { QueryMessage } from '../respond/query-message.ts';
import type { ResponseMessage } from '../respond/response-message.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { headerLength, readUint16 } from '../wire/header.ts';
import { lowerName, nameLength } from '../wire/names.ts';
import type { LateResponder } from './late-responder.ts';
import type { Tenant } from './tenant.ts';

/** A question for the servers of a forwarded zone, and who asks it. */
interface AskedQuestion {
  readonly forwarder: number;
  readonly question: CachedQuestion;
  readonly client: Uint8Array;
}

/** Gets answers as blocks of the cache (forward-cache/answer-block.ts). If no server answers, the block says so. */
interface AnswerSource {
  /** Returns whether the forwarder with this number is still in use. */
  has(forwarder: number): boolean;
  /** Calls `give` with the answer, now or later. */
  forward(request: AskedQuestion, give: (answer: Uint8Array | Promise<Uint8Array>) => void): void;
  /** Completes an answer that begins with aliases of our own zones. `block` has these aliases. */
  complete(block: Uint8Array, request: AskedQuestion): Promise<Uint8Array>;
}

/** A question whose answer is not in the cache. */
interface Missing {
  readonly forwarder: number;
  readonly question: CachedQuestion;
  /** The aliases that lead to the forwarded name, as a block; undefined if the question has that name itself. */
  readonly aliases: Uint8Array | undefined;
}

export function openForwardTenant(late: LateResponder, cache: SharedArrayBuffer, source: AnswerSource): Tenant {
  const forwarded = late.openForwarded(cache);
  let missing: Missing | undefined;
  forwarded.onMiss = (found) => {
    missing = copyOf(found);
  };
  const look = late.open(undefined, forwarded);
  const answer = new AnswerReader();
  let isOurs = false;
  const give = late.open([
    (exchange) => {
      exchange.response.authoritative = isOurs;
      return writeForwarded(exchange, answer, forwarded.seconds);
    },
  ]);

  return (query) => {
    const { kind, message, client, port, found } = query;
    const { transport, address, addressLength } = client;
    missing = undefined;
    if (found !== undefined && source.has(found.forwarder)) {
      missing = { forwarder: found.forwarder, question: questionIn(message, found.flags), aliases: undefined };
    } else {
      const response = look({ kind, message, client: { transport, address, addressLength, handOn: takeAll }, port });
      // The answer is in the cache by now, or the question is not forwarded any more.
      if (missing === undefined) return response;
    }
    const { forwarder, question, aliases }: Missing = missing;
    const request = { forwarder, question, client: address.subarray(0, addressLength) };
    return (taker) => {
      const giveAnswer = (made: Uint8Array | Promise<Uint8Array>): void => {
        if (!(made instanceof Uint8Array)) {
          made.then(giveAnswer, (error) => taker.fail(error));
          return;
        }
        try {
          answer.open(made);
          isOurs = aliases !== undefined;
          taker.answer(give(query));
        } catch (error) {
          taker.fail(error);
        }
      };
      if (aliases === undefined) source.forward(request, giveAnswer);
      else giveAnswer(source.complete(aliases, request));
    };
  };
}

const takeAll = () => true;

/** Returns the question of a query whose question the answering thread has read. */
function questionIn(message: Uint8Array, flags: number): CachedQuestion {
  const end = headerLength + nameLength(message, headerLength);
  const name = shortLivedCopy(message, headerLength, end);
  lowerName(name, name.length);
  return { name, type: readUint16(message, end), class: readUint16(message, end + 2), flags };
}

function copyOf({ forwarder, query, response, flags }: MissingAnswer): Missing {
  const { name, type, class: recordClass } = query;
  const question = { name: shortLivedCopy(name.bytes, 0, name.length), type, class: recordClass, flags };
  return { forwarder, question, aliases: response.answers === 0 ? undefined : blockOf(query, response) };
}

/** Returns the records of the answer section as a block. The places of TTLs are left out: the block is used at once. */
function blockOf({ name }: QueryMessage, { octets, at, answers }: ResponseMessage): Uint8Array {
  const sections = { answers, authorities: 0, additionals: 0, answersEnd: at, authoritiesEnd: at, end: at };
  const times = { stored: 0, expires: 0, staleUntil: 0 };
  const flags = answerFlag.unfinished | answerFlag.stale;
  const kind = { rcode: rcode.NOERROR, extendedError: extendedError.NONE, flags, nameLength: name.length };
  return encodeAnswer({ ...times, ...kind, ...sections }, octets, []);
}
