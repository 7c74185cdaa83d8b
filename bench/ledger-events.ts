// The events of the ledger's benchmark: hosts that take and release addresses over 400 days, and changes of others.

import type { OutboxRow } from '../src/ledger/ledger.ts';
import { outboxValue } from '../src/store/kinds/outbox.ts';

/** The number of requests that share a transaction. */
export const perTransaction = 20;
const day = 24 * 3600 * 1000;
const begin = Date.parse('2025-10-26T00:00:00Z');
const days = 400;
export const end = begin + days * day;

/** Each host has one event in a round. It takes its address in a round, and releases it five rounds later. */
const hosts = 65_536;
const [takenEvery, heldRounds] = [6, 5];

const address = (n: number) => `10.2.${(n >> 8) & 255}.${n & 255}`;

/** Returns what the outbox has of a transaction. `at` is the time of the transaction; see {@link timeOf}. */
export function outboxRow(revision: number, at: number): OutboxRow {
  const decisions = Array.from({ length: perTransaction }, (_, place) => {
    const n = revision * perTransaction + place;
    const host = `host-${n % hosts}.bench.example`;
    const round = Math.floor(n / hosts);
    const takes = round % takenEvery === 0;
    const use = { space: 'default', address: address(n), holder: `host:${host}`, owner: 'team-a', pool: 'lan' };
    return {
      actor: {
        kind: 'token' as const,
        id: `01J${n % 50}`,
        name: `token ${n % 50}`,
        from: '192.0.2.17',
        requestId: '6f1c7a0e-8a7b-4bb1-9f0e-2f6d8d1c0a11',
        request: `PATCH /v1/hosts/${host}`,
      },
      events: [
        {
          resource: n % 50_000 === 7 ? ('token' as const) : ('host' as const),
          action: takes ? ('created' as const) : ('changed' as const),
          name: host,
          before: takes ? null : { ttl: 300, tags: { app: 'web' } },
          after: { ttl: 60, tags: { app: 'web', rack: String(n % 40) } },
        },
      ],
      uses: takes
        ? [{ ...use, action: 'taken' as const }]
        : round % takenEvery === heldRounds
          ? [{ ...use, action: 'released' as const }]
          : [],
    };
  });
  const value = outboxValue.encode({ at: new Date(at).toISOString(), replica: 'a', decisions });
  return { key: `outbox/${revision}`, revision, value };
}

/** Returns the time of a transaction, if there are `transactions` in all. */
export function timeOf(revision: number, transactions: number): number {
  return begin + (revision / transactions) * days * day;
}

/** Returns an address that one host takes before `since` and releases after `until`, within the time of all events. */
export function heldOn({ since, until }: { since: number; until: number }, transactions: number): string {
  const timeOfEvent = (host: number, round: number) =>
    timeOf(Math.floor((host + round * hosts) / perTransaction), transactions);
  for (let round = 0; (round + heldRounds) * hosts < transactions * perTransaction; round += takenEvery) {
    for (let host = 330; host < hosts; host += 1) {
      if (timeOfEvent(host, round) < since && timeOfEvent(host, round + heldRounds) > until) return address(host);
    }
  }
  throw new Error('nobody had an address on that day: take more events');
}
