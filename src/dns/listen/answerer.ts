// Answers the queries of an answering thread: calls the responder, and turns its exceptions into SERVFAIL. No sockets
// here.

import { TableReader } from '../../table/reader.ts';
import { Clock } from '../respond/clock.ts';
import { faultReporter } from '../respond/fault-reporter.ts';
import { ForwardedAnswers } from '../respond/forwarded-answers.ts';
import { createResponder, type Respond } from '../respond/responder.ts';
import { rcode } from '../wire/codes.ts';
import { flag, headerField, headerLength, readUint16, writeUint16 } from '../wire/header.ts';
import type { ThreadTask } from './thread-task.ts';

export interface Answerer {
  /** Returns the response's length, 0 to send nothing, or `handedOn`. Does not throw. */
  readonly respond: Respond;
  /** Call this before the first query of a batch. */
  wake(): void;
  /** Call this after a batch: from now on, the parts of the table that the batch read may be freed. */
  sleep(): void;
}

/**
 * Opens the table, and the cache of forwarded zones, for this thread. `onFault` is called for exceptions, at most once
 * a second (test/dns/listen/answerer.test.ts).
 */
export function openAnswerer(task: ThreadTask, onFault: (message: string) => void): Answerer {
  const reader = new TableReader(task.table, task.reader);
  const clock = new Clock();
  const forwarded = new ForwardedAnswers(task.forwardCache, task.reader, clock);
  const options = { counters: task.responseCounters, settings: task.responses, clock, forwarded };
  return {
    respond: guard(createResponder(reader, options), onFault),
    wake: () => {
      clock.set(Date.now());
      reader.enter();
    },
    sleep: () => {
      reader.leave();
      forwarded.sleep();
    },
  };
}

/** Returns `respond` with SERVFAIL in place of exceptions, so that a bug in one answer does not end the thread. */
export function guard(respond: Respond, onFault: (message: string) => void): Respond {
  const reportFault = faultReporter(onFault);
  return (query, length, response, client) => {
    try {
      return respond(query, length, response, client);
    } catch (error) {
      reportFault(error, query.subarray(0, length));
      return writeServerFailure(query, length, response);
    }
  };
}

/**
 * Writes only a header (RFC 1035 §4.1.1): the query's id, opcode and RD, and SERVFAIL. Returns the length of the
 * header; 0 if the message is no query.
 */
function writeServerFailure(query: Uint8Array, length: number, response: Uint8Array): number {
  const flags = query[headerField.flags]!;
  if (length < headerLength || (flags & flag.QR) !== 0) return 0;
  response.fill(0, 0, headerLength);
  writeUint16(response, headerField.id, readUint16(query, headerField.id));
  response[headerField.flags] = flag.QR | (flags & (flag.opcode | flag.RD));
  response[headerField.moreFlags] = rcode.SERVFAIL;
  return headerLength;
}
