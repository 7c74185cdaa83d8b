// Whether the response, which is made, may be sent, or the query handed on: not too many of its class to one network (rate-limiter.ts). UDP alone, where a sender's address proves
// nothing; a good cookie does (RFC 7873 §1).

import { rcode } from '../wire/codes.ts';
import { answerClass, counter } from './counters.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { judgement } from './rate-limiter.ts';
import { cookie } from './server-cookies.ts';

export function limitRate(exchange: Exchange): Verdict {
  const { limiter, transport } = exchange;
  if (limiter === undefined || transport !== 'udp') return verdict.next;
  const { address, addressLength } = exchange.client;
  if (exchange.cookie >= cookie.good || limiter.exempts(address, addressLength)) return verdict.next;
  const kind = classOf(exchange);
  const judged = limiter.judge(address, addressLength, kind);
  if (judged === judgement.send) return verdict.next;
  exchange.count(counter.limited[kind] as number);
  if (judged === judgement.drop) return verdict.silent;
  exchange.count(counter.slipped);
  empty(exchange);
  return verdict.next;
}

function classOf({ rcode: code, answers, wildcard, finding: found, handOnTo }: Exchange): number {
  if (handOnTo !== undefined) return answerClass.handedOn;
  if (code === rcode.NXDOMAIN) return answerClass.nxdomain;
  if (code !== rcode.NOERROR) return answerClass.error;
  if (answers === 0 && found === finding.referral) return answerClass.referral;
  if (answers === 0 && found === finding.noData) return answerClass.nodata;
  return wildcard ? answerClass.wildcard : answerClass.answer;
}

/** Leaves the question and TC: who is really there asks again over TCP. Errors stay, they are as small. */
function empty(exchange: Exchange): void {
  if (exchange.questionEnd !== 0) exchange.at = exchange.questionEnd;
  exchange.answers = 0;
  exchange.authorities = 0;
  exchange.additionals = 0;
  exchange.authoritative = false;
  exchange.truncated = true;
  if (exchange.rcode === rcode.NXDOMAIN) exchange.rcode = rcode.NOERROR;
}
