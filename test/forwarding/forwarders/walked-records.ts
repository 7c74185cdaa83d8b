// Shows the records of a walked message in a form that can be compared: with their names expanded.

import { skipName } from '../../../src/dns/wire/names.ts';
import { expandName } from '../../../src/forwarding/forwarders/expand-name.ts';
import { firstNameAt, rdataLayout } from '../../../src/forwarding/forwarders/rdata-names.ts';
import type { WalkedMessage } from '../../../src/forwarding/forwarders/walk-message.ts';

export function walkedRecords(message: WalkedMessage): string[] {
  const name = new Uint8Array(255);
  const expanded = (at: number) => {
    const length = expandName(message.octets, at, message.length, name);
    return Buffer.from(name.subarray(0, length)).toString('latin1').toLowerCase();
  };
  return Array.from({ length: message.count }, (_, record) => {
    const [fixed, rdata, end] = [message.fixed[record]!, message.rdataAt(record), message.ends[record]!];
    const parts = [message.sections[record], expanded(message.owners[record]!), hex(message, fixed, fixed + 8)];
    const layout = rdataLayout(message.type(record));
    if (layout === undefined) return [...parts, hex(message, rdata, end)].join(' ');
    let at = firstNameAt(layout, message.octets, rdata, end);
    parts.push(hex(message, rdata, at));
    for (let i = 0; i < layout.names; i += 1) {
      parts.push(expanded(at));
      at = skipName(message.octets, at, end);
    }
    return [...parts, hex(message, at, end)].join(' ');
  });
}

function hex(message: WalkedMessage, from: number, to: number): string {
  return Buffer.from(message.octets.subarray(from, to)).toString('hex');
}
