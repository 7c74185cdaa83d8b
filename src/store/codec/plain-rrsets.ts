// Reads most stored names: those in exactly the form that kinds/name.ts writes, without special characters, and without
// a CNAME that no host manages. JSON.parse and the schema read all others. They would give the same result for these,
// but take five times as long (test/store/plain-rrsets.test.ts).

import type { Fqdn } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import type { Rrset } from '../../model/rrset.ts';

const start = '{"v":1,"name":"';
const afterName = '","rrsets":[{"type":"';
const afterType = '","ttl":';
const afterTtl = ',"records":["';
const managed = '],"manager":"host"}';
const nextRrset = ',{"type":"';
/** A number of up to this many digits is always a valid TTL. */
const maxDigits = 9;

/**
 * Returns the RRsets of a stored name. Returns undefined if the text has another form or another name, or if the text
 * is not valid. `name` must have no special characters.
 */
export function readPlainRrsets(text: string, name: Fqdn): Rrset[] | undefined {
  let at = start.length + name.length;
  if (!text.startsWith(start) || !text.startsWith(name, start.length) || !text.startsWith(afterName, at))
    return undefined;
  at += afterName.length;
  const rrsets: Rrset[] = [];
  for (;;) {
    const typeEnd = endOfText(text, at);
    if (!text.startsWith(afterType, typeEnd)) return undefined;
    const type = text.slice(at, typeEnd) as RecordType;
    at = typeEnd + afterType.length;
    const ttlEnd = endOfNumber(text, at);
    if (!text.startsWith(afterTtl, ttlEnd)) return undefined;
    const ttl = Number(text.slice(at, ttlEnd));
    at = ttlEnd + afterTtl.length;
    const records: string[] = [];
    for (;;) {
      const end = endOfText(text, at);
      records.push(text.slice(at, end));
      at = end + 1;
      if (!text.startsWith(',"', at)) break;
      at += 2;
    }
    if (text.startsWith(']}', at)) {
      // The views keep the target (alias-targets.ts). A target that is a part of this text would keep the whole text in
      // memory.
      if (type === 'CNAME') return undefined;
      rrsets.push({ type, ttl, records });
      at += 2;
    } else if (text.startsWith(managed, at)) {
      rrsets.push({ type, ttl, records, manager: 'host' });
      at += managed.length;
    } else return undefined;
    if (!text.startsWith(nextRrset, at)) break;
    at += nextRrset.length;
  }
  return text.length === at + 2 && text.endsWith(']}') ? rrsets : undefined;
}

/** Returns the offset of the quote that ends a JSON string without escapes; the length of the text if there is none. */
function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code < 0x20 || code === 0x5c) break;
  }
  return text.length;
}

/** Returns the offset after a number without leading zeros; the length of the text if the number is too long. */
function endOfNumber(text: string, from: number): number {
  let at = from;
  while (isDigit(text.charCodeAt(at))) at += 1;
  const length = at - from;
  const isPlain = length === 1 || (length > 1 && length <= maxDigits && text[from] !== '0');
  return isPlain ? at : text.length;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
