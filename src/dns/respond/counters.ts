// What each answering thread counts, in cells of its own: which cell is what, and how they are named to the outside. /metrics adds the threads up.

import { rcode } from '../wire/codes.ts';

export type Transport = 'udp' | 'tcp' | 'tls' | 'https';

const transports: readonly Transport[] = ['udp', 'tcp', 'tls', 'https'];
const rcodes = Object.entries(rcode);
const otherRcode = 'OTHER';

/** One metric with one value for each of its label's values, or with one value alone. */
export interface CounterFamily {
  name: string;
  help: string;
  label?: string;
  /** Label value → cell. Without a label: one, under the empty string. */
  cells: Readonly<Record<string, number>>;
}

/** How many cells one thread needs. */
let cellsGiven = 0;

function family(name: string, help: string): CounterFamily;
function family(name: string, help: string, label: string, values: readonly string[]): CounterFamily;
function family(name: string, help: string, label?: string, values: readonly string[] = ['']): CounterFamily {
  const cells = Object.fromEntries(values.map((value) => [value, cellsGiven++]));
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
const dropped = family('dns_dropped_total', 'Messages not answered: shorter than a header, or themselves responses.');
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

/** Rate limiting counts by these. */
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
  'Of them, those sent empty and with TC; the others were not sent.',
);

/** All of them, in the order of their cells. */
export const counterFamilies: readonly CounterFamily[] = [
  queries,
  responses,
  truncated,
  dropped,
  malformed,
  cookies,
  limited,
  slipped,
];

/** Doubles: exact up to 2^53, each written by one thread alone, without the garbage that 64-bit atomics would make. */
export function newResponseCounters(): SharedArrayBuffer {
  return new SharedArrayBuffer(cellsGiven * Float64Array.BYTES_PER_ELEMENT);
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
  /** By `answerClass`. */
  limited: answerClasses.map((name) => limited.cells[name] as number),
  slipped: slipped.cells[''] as number,
  /** By what a query's cookie is: server-cookies.ts. */
  cookies: ['half', 'half', 'wrong', 'good', 'good'].map((state) => cookies.cells[state] as number),
} as const;

const rcodeCells = new Uint8Array(256).fill(responses.cells[otherRcode] as number);
for (const [name, code] of rcodes) rcodeCells[code] = responses.cells[name] as number;

/** The cell that counts responses with this code. */
export function responseCell(code: number): number {
  return rcodeCells[code & 0xff] as number;
}
