// What the listening threads count, each in cells of its own; the main thread adds them up. What answers were: respond/.

/** The cells' order, and their meaning as it stands in /metrics. */
export const listenCounters = {
  udpReceived: 'Datagrams received',
  udpAnswered: 'Answers over UDP, handed to the system',
  udpSilent: 'Datagrams that got no answer: not a query, cut short, or over the rate limit',
  udpSendFailed: 'Of these, answers that the system did not take',
  udpReceiveFailed: 'Errors while receiving datagrams',
  tcpAccepted: 'TCP connections accepted',
  tcpReceived: 'Messages received over TCP',
  tcpAnswered: 'Answers over TCP, handed to the system',
  tcpIdleClosed: 'TCP connections closed for being idle or too slow',
  tcpLimitClosed: 'TCP connections closed to make room for newer ones',
  tcpGarbageClosed: 'TCP connections closed for sending what is no DNS message',
} as const;

export type ListenCounter = keyof typeof listenCounters;

const names = Object.keys(listenCounters) as ListenCounter[];

/** Cells for one thread. Float64: exact up to 2^53, and only their own thread writes them, so that counting needs no atomics. */
export function newCounterCells(): SharedArrayBuffer {
  return new SharedArrayBuffer(names.length * Float64Array.BYTES_PER_ELEMENT);
}

/** A thread's own counters: `counters.add(udpReceived)`. */
export class CounterCells {
  readonly #cells: Float64Array;

  constructor(cells: SharedArrayBuffer) {
    this.#cells = new Float64Array(cells);
  }

  add(cell: number, by = 1): void {
    this.#cells[cell]! += by;
  }
}

/** Each counter's cell. */
export const counterCell = Object.fromEntries(names.map((name, cell) => [name, cell])) as Readonly<
  Record<ListenCounter, number>
>;

/** The sums over all threads. */
export function sumCounters(threads: readonly SharedArrayBuffer[]): Record<ListenCounter, number> {
  const views = threads.map((cells) => new Float64Array(cells));
  return Object.fromEntries(
    names.map((name, cell) => [name, views.reduce((sum, view) => sum + (view[cell] ?? 0), 0)]),
  ) as Record<ListenCounter, number>;
}
