// Applies the rate limit: for each network, the number of responses of each class, and of handed-on queries, is limited
// (rate-limiter.ts). Only UDP is limited, since the sender of a datagram may be forged. A client with a good cookie is
// not limited: the cookie proves its address (RFC 7873 §1).

import { rcode } from '../wire/codes.ts';
import { answerClass, counter } from './counters.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { finding, type Lookup } from './lookup.ts';
import type { QueryMessage } from './query-message.ts';
import { judgement } from './rate-limiter.ts';
import type { ResponseMessage } from './response-message.ts';
import { cookie } from './server-cookies.ts';

export function limitRate(exchange: Exchange): Verdict {
  const { limiter, client, response, lookup } = exchange;
  if (limiter === undefined || client.transport !== 'udp') return verdict.next;
  const { address, addressLength } = client;
  if (exchange.edns.cookie >= cookie.good || limiter.exempts(address, addressLength)) return verdict.next;
  const kind = exchange.handOnTo === undefined ? classOf(response, lookup) : answerClass.handedOn;
  const judged = limiter.judge(address, addressLength, kind);
  if (judged === judgement.send) return verdict.next;
  exchange.count(counter.limited[kind] as number);
  if (judged === judgement.drop) return verdict.silent;
  exchange.count(counter.slipped);
  slip(exchange.query, response);
  return verdict.next;
}

function classOf({ rcode: code, answers }: ResponseMessage, { usedWildcard, finding: found }: Lookup): number {
  if (code === rcode.NXDOMAIN) return answerClass.nxdomain;
  if (code !== rcode.NOERROR) return answerClass.error;
  if (answers === 0 && found === finding.referral) return answerClass.referral;
  if (answers === 0 && found === finding.noData) return answerClass.nodata;
  return usedWildcard ? answerClass.wildcard : answerClass.answer;
}

/**
 * Leaves only the question and TC, so that a real client asks again over TCP. NXDOMAIN becomes NOERROR. Other error
 * codes stay: they do not make the response larger.
 */
function slip(query: QueryMessage, response: ResponseMessage): void {
  response.clearRecords(query.questionEnd === 0 ? response.at : query.questionEnd);
  response.authoritative = false;
  response.truncated = true;
  if (response.rcode === rcode.NXDOMAIN) response.rcode = rcode.NOERROR;
}
