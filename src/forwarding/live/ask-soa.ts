// Asks a DNS server for the SOA of a zone, over UDP and with a time limit. dns2 checks the id and the address of an
// answer; this file checks that it answers the question.

import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { type Fqdn, nameToWire } from '../../model/name.ts';

/** What a server answered. */
export interface SoaAnswer {
  rcode: number;
  /** True: the server has the zone itself. */
  isAuthoritative: boolean;
  /** The SOA of the zone; undefined if the answer has none. */
  soa: { serial: number; primary: string; ttl: number } | undefined;
}

interface SoaQuestion {
  zone: Fqdn;
  milliseconds: number;
  /** Asks a resolver, which shall ask others. */
  recursive?: boolean;
}

const soaType = 6;

/** Returns whether dns2 can send the name: not with a dot inside a label, or octets outside ASCII. */
export function canAskFor(zone: Fqdn): boolean {
  return textOf(zone) !== undefined;
}

/** Returns the name without escapes, as dns2 takes it. */
function textOf(zone: Fqdn): string | undefined {
  const wire = nameToWire(zone);
  const labels: string[] = [];
  for (let at = 0, length = wire[0] ?? 0; length > 0; at += length + 1, length = wire[at] ?? 0) {
    const label = wire.subarray(at + 1, at + 1 + length);
    if (label.some((octet) => octet === 0x2e || octet > 0x7e)) return undefined;
    labels.push(String.fromCharCode(...label));
  }
  return labels.join('.');
}

/** Resolves with the answer. Rejects if none comes in time, or one to another question. */
export async function askSoa(server: Endpoint, question: SoaQuestion): Promise<SoaAnswer> {
  const { zone, milliseconds, recursive = false } = question;
  const name = textOf(zone);
  if (name === undefined) throw new Error(`cannot ask for ${zone}`);
  // Loaded with the first question: a replica that nobody asks about forwarding does not need it.
  const { UDPClient } = await import('dns2');
  const ask = UDPClient({
    dns: server.address,
    port: server.port,
    socketType: familyOf(server.address) === 'ipv6' ? 'udp6' : 'udp4',
    timeout: milliseconds,
    // Over TCP, dns2 has no time limit. A SOA fits into a datagram.
    retryOverTCP: false,
  });
  const { header, questions, answers } = await ask(name, 'SOA', undefined, { recursive });
  const [asked] = questions;
  if (header.qr !== 1 || asked === undefined || !isSame(asked.name, name) || Number(asked.type) !== soaType)
    throw new Error('the answer is to another question');
  const found = answers.find((one) => Number(one.type) === soaType && isSame(one.name, name)) as
    | { serial?: number; primary?: string; ttl?: number }
    | undefined;
  return {
    rcode: header.rcode,
    isAuthoritative: header.aa === 1,
    soa:
      found?.serial === undefined
        ? undefined
        : { serial: found.serial, primary: (found.primary ?? '').toLowerCase(), ttl: found.ttl ?? 0 },
  };
}

function isSame(name: string, asked: string): boolean {
  return name.toLowerCase() === asked;
}
