// A response in a form that can be compared: decoded by dns-packet, records as sorted text, names in lower case.

import { DNSSEC_OK, decode, type OptRecord, type ResourceRecord } from 'dns-packet';
import { formatRecord } from '../support/answers.ts';

export interface Answer {
  rcode: string;
  aa: boolean;
  tc: boolean;
  /** The flags RD, RA, AD and CD, and whether the response repeats the question. */
  header: string;
  /** The fields of the OPT record as text; empty without one. */
  opt: string;
  answer: string[];
  authority: string[];
  additional: string[];
}

export type Part = keyof Answer;
export const parts: readonly Part[] = ['rcode', 'aa', 'tc', 'header', 'opt', 'answer', 'authority', 'additional'];

/** Reads a response. Notes whether it repeats the question of `query` octet for octet. */
export function readAnswer(query: Buffer, response: Buffer): Answer {
  const message = decode(response);
  const end = query.indexOf(0, 12) + 5;
  const echoed = response.subarray(12, end).equals(query.subarray(12, end));
  const flags = [message.flag_rd && 'rd', message.flag_ra && 'ra', message.flag_ad && 'ad', message.flag_cd && 'cd'];
  const isOpt = (record: ResourceRecord | OptRecord): record is OptRecord => record.type === 'OPT';
  const opts = message.additionals.filter(isOpt);
  return {
    rcode: message.rcode,
    aa: message.flag_aa,
    tc: message.flag_tc,
    header: [message.flag_qr && echoed ? 'response' : 'no response to this', ...flags].filter(Boolean).join(' '),
    opt: opts.map(({ flags }) => (((flags ?? 0) & DNSSEC_OK) !== 0 ? 'OPT do' : 'OPT')).join(' + '),
    answer: section(message.answers),
    authority: section(message.authorities),
    additional: section(message.additionals.filter((record): record is ResourceRecord => !isOpt(record))),
  };
}

/** Returns each record once (RFC 2181 §5), because all three servers repeat records in a loop of aliases. */
function section(records: readonly ResourceRecord[]): string[] {
  return [...new Set(records.map(comparable))].sort();
}

/** Lowers the case of names (RFC 4343 §3). Quoted text is not a name. */
function comparable(record: ResourceRecord): string {
  if (record.type === 'TXT') return formatRecord({ ...record, name: record.name.toLowerCase() });
  if (record.type !== 'DS') return formatRecord(record).toLowerCase();
  const { keyTag, algorithm, digestType, digest } = record.data as Record<string, number> & { digest: Buffer };
  const rdata = [keyTag, algorithm, digestType, digest.toString('hex')].join(' ');
  return `${record.name.toLowerCase()}. ${record.ttl} ds ${rdata}`;
}

/** Returns the parts in which two answers differ. */
export function differingParts(one: Answer, other: Answer): Part[] {
  return parts.filter((part) => String(one[part]) !== String(other[part]));
}
