// A target of forwarding: a DNS server of dns2, registered as a member, that answers for every zone with its own SOA.
// It imitates a replica that lags behind or answers wrongly.

import { createUDPServer, Packet } from 'dns2';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import type { Store } from '../../src/store/store.ts';
import type { Cleanup } from './temporary.ts';

export interface Answering {
  /** Default: a serial that no replica has reached, so that there is no lag. */
  serial?: () => number;
  rcode?: number;
  authoritative?: boolean;
  /** The question in the response, if it differs from that of the query. */
  question?: string;
  /** The number of queries that get no answer at first. */
  deafFor?: number;
}

export interface AnsweringTarget {
  readonly port: number;
  /** Returns the number of received queries. */
  asked(): number;
  close(): Promise<void>;
}

/** Starts the server on a free port of 127.0.0.1. */
export async function startAnswering(test: Cleanup, answering: Answering = {}): Promise<AnsweringTarget> {
  const { serial = () => 0, rcode = 0, authoritative = true, question, deafFor = 0 } = answering;
  let asked = 0;
  const server = createUDPServer((request, send) => {
    asked += 1;
    if (asked <= deafFor) return;
    const response = Packet.createResponseFromRequest(request);
    const name = request.questions[0]?.name ?? '';
    response.header.aa = authoritative ? 1 : 0;
    response.header.rcode = rcode;
    if (question !== undefined) for (const one of response.questions) one.name = question;
    if (rcode === 0) {
      const times = { refresh: 1, retry: 1, expiration: 1, minimum: 1 };
      const soa = { name, type: Packet.TYPE.SOA, class: Packet.CLASS.IN, ttl: 60, primary: name, admin: name };
      response.answers.push({ ...soa, ...times, serial: serial() } as (typeof response.answers)[number]);
    }
    send(response);
  });
  await server.listen(0, '127.0.0.1');
  let isOpen = true;
  const close = async () => {
    if (!isOpen) return;
    isOpen = false;
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  test.after(close);
  return { port: server.address().port, asked: () => asked, close };
}

/** Registers a member that advertises these endpoints, without a lease. */
export async function registerMember(store: Store, replica: string, dns: string[]): Promise<void> {
  const put = { kind: 'put', key: memberKey(replica), value: memberValue.encode({ replica, dns }) } as const;
  await store.commit({ compares: [], operations: [put] });
}
