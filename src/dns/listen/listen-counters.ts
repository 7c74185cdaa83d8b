// Counters of sockets, and of handed-on queries. Each thread that answers has its own cells; the main thread adds them
// up. Counters of responses: respond/counters.ts.

import { type CounterFamily, counterFamilies, newResponseCounters } from '../respond/counters.ts';

/** The counters in the order of their cells: name and help text of the metric. */
const metrics = {
  udpReceived: ['dns_udp_received_total', 'Datagrams received.'],
  udpAnswered: ['dns_udp_answered_total', 'Answers over UDP, handed to the system.'],
  udpSilent: ['dns_udp_silent_total', 'Datagrams that got no answer: no query, from port 0, or over a limit.'],
  udpSendFailed: ['dns_udp_send_failures_total', 'Answers over UDP that the system did not take.'],
  udpReceiveFailed: ['dns_udp_receive_failures_total', 'Errors while receiving datagrams.'],
  tcpAccepted: ['dns_tcp_connections_total', 'TCP connections accepted.'],
  tcpReceived: ['dns_tcp_received_total', 'Messages received over TCP.'],
  tcpAnswered: ['dns_tcp_answered_total', 'Answers over TCP, handed to the system.'],
  tcpIdleClosed: ['dns_tcp_idle_closed_total', 'Connections (TCP, TLS, HTTPS) closed for being idle or too slow.'],
  tcpLimitClosed: ['dns_tcp_limit_closed_total', 'Connections (TCP, TLS, HTTPS) closed to make room for newer ones.'],
  tcpGarbageClosed: [
    'dns_tcp_garbage_closed_total',
    'Connections (TCP, TLS) closed for sending something that is not a DNS message.',
  ],
  tlsAccepted: ['dns_tls_connections_total', 'Connections accepted for DNS over TLS.'],
  tlsHandshakeFailed: ['dns_tls_handshake_failures_total', 'TLS connections whose handshake failed.'],
  tlsReceived: ['dns_tls_received_total', 'Messages received over TLS.'],
  tlsAnswered: ['dns_tls_answered_total', 'Answers over TLS, handed to the system.'],
  httpsAccepted: ['dns_https_connections_total', 'Connections accepted for DNS over HTTPS.'],
  httpsHandshakeFailed: ['dns_https_handshake_failures_total', 'HTTPS connections whose TLS handshake failed.'],
  httpsReceived: ['dns_https_received_total', 'Requests over HTTPS.'],
  httpsAnswered: ['dns_https_answered_total', 'Requests over HTTPS that got a DNS message, handed to the system.'],
  handedOn: ['dns_handed_on_total', 'Queries that were handed on to another thread, which answers them.'],
  handedOnRefused: [
    'dns_handed_on_refused_total',
    'Queries that were not handed on, because too many were. They got SERVFAIL, or no answer in a flood over UDP.',
  ],
  handedOnAnswered: ['dns_handed_on_answered_total', 'Handed-on queries that were answered.'],
  handedOnSilent: ['dns_handed_on_silent_total', 'Handed-on queries that must not be answered.'],
  handedOnExpired: ['dns_handed_on_expired_total', 'Handed-on queries that were answered SERVFAIL after the deadline.'],
  handedOnFailed: ['dns_handed_on_failed_total', 'Handed-on queries that were answered SERVFAIL because of a bug.'],
  handedOnGone: ['dns_handed_on_gone_total', 'Handed-on queries whose client went away before the last message.'],
} as const satisfies Record<string, readonly [name: string, help: string]>;

type ListenCounter = keyof typeof metrics;

const names = Object.keys(metrics) as ListenCounter[];

/** The number of each counter's cell. */
export const counterCell = Object.fromEntries(names.map((name, cell) => [name, cell])) as Readonly<
  Record<ListenCounter, number>
>;

const listenFamilies: readonly CounterFamily[] = names.map((counter, cell) => {
  const [name, help] = metrics[counter];
  return { name, help, cells: { '': cell } };
});

/** The cells of one thread: those of this file, and those of respond/counters.ts. */
export interface ThreadCounters {
  readonly listen: SharedArrayBuffer;
  readonly respond: SharedArrayBuffer;
}

/** Returns the cells of one thread: doubles, as in respond/counters.ts. */
export function newListenCounters(): SharedArrayBuffer {
  return new SharedArrayBuffer(names.length * Float64Array.BYTES_PER_ELEMENT);
}

export function newThreadCounters(): ThreadCounters {
  return { listen: newListenCounters(), respond: newResponseCounters() };
}

/** Adds to the counters of one thread, for example `counters.add(counterCell.udpReceived)`. */
export class CounterCells {
  readonly #cells: Float64Array;

  constructor(cells: SharedArrayBuffer) {
    this.#cells = new Float64Array(cells);
  }

  add(cell: number, by = 1): void {
    this.#cells[cell]! += by;
  }
}

/**
 * A metric for /metrics. `values` has the count for each value of the label. Without a label, it has one count, under
 * the empty string.
 */
export interface CounterValues {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly values: Readonly<Record<string, number>>;
}

/** Returns the sums over all threads: the counters of responses, then those of sockets. */
export function sumCounters(threads: readonly ThreadCounters[]): CounterValues[] {
  const responses = threads.map(({ respond }) => new Float64Array(respond));
  const listens = threads.map(({ listen }) => new Float64Array(listen));
  return [
    ...counterFamilies.map((family) => sumFamily(family, responses)),
    ...listenFamilies.map((family) => sumFamily(family, listens)),
  ];
}

function sumFamily({ cells, ...family }: CounterFamily, threads: readonly Float64Array[]): CounterValues {
  const sum = (cell: number) => threads.reduce((total, thread) => total + (thread[cell] ?? 0), 0);
  return { ...family, values: Object.fromEntries(Object.entries(cells).map(([value, cell]) => [value, sum(cell)])) };
}
