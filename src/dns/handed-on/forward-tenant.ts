// The tenant of questions to forward, in the forwarder's thread. It finds out what must be asked, has it asked, and
// makes the response of the answer. Who asks: forwarding/forwarders/.

import { AnswerReader } from '../../forward-cache/answer-reader.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { writeForwarded } from '../respond/forward-query.ts';
import type { ForwardedAnswers, MissingAnswer } from '../respond/forwarded-answers.ts';
import { headerLength } from '../wire/header.ts';
import type { LateResponder } from './late-responder.ts';
import type { Tenant } from './tenant.ts';

/** A question for the servers of a forwarded zone, and who asks it. */
interface AskedQuestion {
  /** The number of the forwarder. */
  readonly forwarder: number;
  readonly question: CachedQuestion;
  readonly client: Uint8Array;
}

/** Gets the answers: blocks of the cache (forward-cache/answer-block.ts), also for failures. */
interface AnswerSource {
  ask(request: AskedQuestion): Promise<Uint8Array>;
  /**
   * Returns the answer to the question of `aliases`, which has aliases that lead to the name of `answer`. If that is a
   * failure, the aliases are all of it.
   */
  join(aliases: Uint8Array, answer: Uint8Array): Uint8Array;
}

/** What is asked, and the message with the aliases that lead to its name, if there are any. */
interface Missing {
  readonly forwarder: number;
  readonly question: CachedQuestion;
  readonly aliases: Uint8Array | undefined;
}

export function openForwardTenant(late: LateResponder, forwarded: ForwardedAnswers, source: AnswerSource): Tenant {
  let missing: Missing | undefined;
  forwarded.onMiss = (found) => {
    missing = copyOf(found);
  };
  const look = late.open();
  const answer = new AnswerReader();
  let isOurs = false;
  const give = late.open([
    (exchange) => {
      exchange.response.authoritative = isOurs;
      return writeForwarded(exchange, answer, forwarded.seconds);
    },
  ]);

  return (query) => {
    missing = undefined;
    const message = look({ ...query, client: { ...query.client, handOn: () => true } });
    // The answer is there meanwhile, or the question is not forwarded any more.
    if (missing === undefined) return message;
    const { forwarder, question, aliases }: Missing = missing;
    const client = query.client.address.slice(0, query.client.addressLength);
    return source.ask({ forwarder, question, client }).then((block) => {
      answer.openBlock(aliases === undefined ? block : source.join(aliases, block));
      isOurs = aliases !== undefined;
      return give(query);
    });
  };
}

function copyOf({ forwarder, name, query, response, flags }: MissingAnswer): Missing {
  const question = { name: name.bytes.slice(0, name.length), type: query.type, class: query.class, flags };
  if (response.answers === 0) return { forwarder, question, aliases: undefined };
  const aliases = response.octets.slice(0, response.at);
  new DataView(aliases.buffer).setBigUint64(headerLength - 8, (1n << 48n) | (BigInt(response.answers) << 32n));
  return { forwarder, question, aliases };
}
