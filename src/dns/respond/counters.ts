// Defines the counters of an answering thread: the number of each cell, and the name of its metric. Each thread has its
// own cells; /metrics adds them up.

import { rcode } from '../wire/codes.ts';

export const transports = ['udp', 'tcp', 'tls', 'https'] as const;
export type Transport = (typeof transports)[number];

const rcodes = Object.entries(rcode);
const otherRcode = 'OTHER';

/** A metric. It has one cell for each value of its label, or one cell without a label. */
export interface CounterFamily {
  name: string;
  help: string;
  label?: string;
  /** Label value → cell. Without a label there is one cell, under the empty string. */
  cells: Readonly<Record<string, number>>;
}

/** The number of cells that one thread needs. */
let cellCount = 0;

function family(name: string, help: string): CounterFamily;
function family(name: string, help: string, label: string, values: readonly string[]): CounterFamily;
function family(name: string, help: string, label?: string, values: readonly string[] = ['']): CounterFamily {
  const cells = Object.fromEntries(values.map((value) => [value, cellCount++]));
  return label === undefined ? { name, help, cells } : { name, help, label, cells };
}

const queries = family('dns_queries_total', 'Messages that looked like a query.', 'transport', transports);
const responses = family('dns_responses_total', 'Responses by their code.', 'rcode', [
  ...rcodes.map(([name]) => name),
  otherRcode,
]);
const truncated = family(
  'dns_responses_truncated_total',
  'Responses with TC, which the client must ask for again over TCP.',
);
const dropped = family(
  'dns_dropped_total',
  'Messages not answered, because they are shorter than a header or are responses.',
);
const malformed = family(
  'dns_queries_malformed_total',
  'Queries answered with FORMERR because they could not be read.',
);

const cookies = family(
  'dns_cookies_total',
  "Cookies in queries: the client's half alone, a wrong one, a good one.",
  'cookie',
  ['half', 'wrong', 'good'],
);

/** The classes of responses. Rate limiting has a limit for each. */
const answerClasses = ['answer', 'wildcard', 'nodata', 'nxdomain', 'referral', 'error', 'handed_on'] as const;
export const answerClass = {
  answer: 0,
  wildcard: 1,
  nodata: 2,
  nxdomain: 3,
  referral: 4,
  error: 5,
  handedOn: 6,
} as const;

const limited = family('dns_rate_limited_total', 'Responses over the rate limit, by class.', 'class', answerClasses);
const slipped = family(
  'dns_rate_limit_slips_total',
  'Responses over the rate limit that were sent empty and with TC. All others over it were not sent.',
);

const handOnDropped = family(
  'dns_handed_on_dropped_total',
  'Queries over UDP that got no answer, because too many were handed on and too many had got SERVFAIL for that.',
);

/** All families, in the order of their cells. */
export const counterFamilies: readonly CounterFamily[] = [
  queries,
  responses,
  truncated,
  dropped,
  malformed,
  cookies,
  limited,
  slipped,
  handOnDropped,
];

/**
 * Returns the cells of one thread. They are doubles, which are exact up to 2^53. Only this thread writes them, since
 * 64-bit atomics would make garbage.
 */
export function newResponseCounters(): SharedArrayBuffer {
  return new SharedArrayBuffer(cellCount * Float64Array.BYTES_PER_ELEMENT);
}

export const counter = {
  queries: {
    udp: queries.cells.udp as number,
    tcp: queries.cells.tcp as number,
    tls: queries.cells.tls as number,
    https: queries.cells.https as number,
  },
  truncated: truncated.cells[''] as number,
  dropped: dropped.cells[''] as number,
  malformed: malformed.cells[''] as number,
  /** The cells by `answerClass`. */
  limited: answerClasses.map((name) => limited.cells[name] as number),
  slipped: slipped.cells[''] as number,
  handOnDropped: handOnDropped.cells[''] as number,
  /** The cells by the state of a query's cookie (server-cookies.ts). */
  cookies: ['half', 'half', 'wrong', 'good', 'good'].map((state) => cookies.cells[state] as number),
} as const;

const rcodeCells = new Uint8Array(256).fill(responses.cells[otherRcode] as number);
for (const [name, code] of rcodes) rcodeCells[code] = responses.cells[name] as number;

/** Returns the cell that counts responses with this code. */
export function responseCell(code: number): number {
  return rcodeCells[code & 0xff] as number;
}
