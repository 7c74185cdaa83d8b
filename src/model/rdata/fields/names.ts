// Fields that are domain names, and fields that are a name or an address, depending on an earlier octet.

import { InvalidValue } from '../../invalid-value.ts';
import { isAbsolute, nameFromWire, nameToWire, parseName, root } from '../../name.ts';
import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from './addresses.ts';
import type { FieldCodec } from './codec.ts';
import { parseNumber } from './numbers.ts';

/** An absolute name in lower case, not compressed. */
const name: FieldCodec = {
  parse: (tokens, wire) => {
    const text = tokens.take('a name');
    if (!isAbsolute(text)) {
      throw new InvalidValue(`'${text}' is relative: give the whole name, with a dot at its end`);
    }
    wire.bytes(nameToWire(parseName(text)));
  },
  format: (wire) => {
    const { name, length } = nameFromWire(wire.octets, wire.at);
    wire.at += length;
    return name === root ? name : `${name}.`;
  },
};

const names: FieldCodec = {
  parse: (tokens, wire) => {
    while (!tokens.done) name.parse(tokens, wire);
  },
  format: (wire) => {
    const texts: (string | undefined)[] = [];
    while (wire.left > 0) texts.push(name.format(wire));
    return texts.join(' ');
  },
};

/**
 * The signer of RRSIG. It is the zone's name, so it cannot have more labels than the owner (RFC 4035 §5.3.1). The
 * fourth octet of the rdata is the owner's number of labels.
 */
const signer: FieldCodec = {
  parse: (tokens, wire) => {
    const start = wire.at;
    name.parse(tokens, wire);
    checkSigner(wire.octets.subarray(start, wire.at), wire.octets[3] as number);
  },
  format: (wire) => {
    const start = wire.at;
    const text = name.format(wire);
    checkSigner(wire.octets.subarray(start, wire.at), wire.octets[3] as number);
    return text;
  },
};

function checkSigner(wire: Uint8Array, labels: number): void {
  let count = 0;
  for (let at = 0; wire[at] !== 0; at += 1 + (wire[at] as number)) count += 1;
  if (count > labels) throw new InvalidValue(`a zone of ${count} labels cannot sign a name of ${labels} labels`);
}

/** The codec of a gateway by its type: none, IPv4, IPv6, name (RFC 4025 §2.3, RFC 8777 §4.2.3). */
const gatewayKinds: readonly FieldCodec[] = [
  {
    parse: (tokens) => {
      const text = tokens.take("'.' for no gateway");
      if (text !== '.') throw new InvalidValue(`'${text}' must be '.': type 0 means no gateway`);
    },
    format: () => '.',
  },
  {
    parse: (tokens, wire) => wire.bytes(parseIpv4(tokens.take('an address'))),
    format: (wire) => formatIpv4(wire.bytes(4)),
  },
  {
    parse: (tokens, wire) => wire.bytes(parseIpv6(tokens.take('an address'))),
    format: (wire) => formatIpv6(wire.bytes(16)),
  },
  name,
];

function gatewayKind(type: number): FieldCodec {
  const kind = gatewayKinds[type];
  if (kind === undefined) throw new InvalidValue(`type ${type} is unknown: 0 none, 1 IPv4, 2 IPv6, 3 name`);
  return kind;
}

/** The gateway of IPSECKEY (RFC 4025 §2.5). The second octet of the rdata is its type. */
const gateway: FieldCodec = {
  parse: (tokens, wire) => gatewayKind(wire.octets[1] as number).parse(tokens, wire),
  format: (wire) => gatewayKind(wire.octets[1] as number).format(wire),
};

/** The discovery bit and the type of AMTRELAY, in one octet, and its relay (RFC 8777 §4.2). */
const relay: FieldCodec = {
  parse: (tokens, wire) => {
    const discovery = parseNumber(tokens.take('the discovery bit'), 1);
    const type = parseNumber(tokens.take('the type'), 0x7f);
    const kind = gatewayKind(type);
    wire.uint((discovery << 7) | type, 1);
    kind.parse(tokens, wire);
  },
  format: (wire) => {
    const octet = wire.uint(1);
    const type = octet & 0x7f;
    if (type >= gatewayKinds.length) {
      wire.rest();
      return undefined;
    }
    return `${octet >> 7} ${type} ${gatewayKind(type).format(wire)}`;
  },
};

/** A6 (RFC 2874 §3.1): the length of the prefix in bits, the other bits of the address, and the name of the prefix. */
const suffix: FieldCodec = {
  parse: (tokens, wire) => {
    const length = parseNumber(tokens.take('a prefix length'), 128);
    const skipped = length >> 3;
    wire.uint(length, 1);
    if (length < 128) {
      const text = tokens.take('an address');
      const octets = parseIpv6(text);
      if (!isSuffix(octets, length))
        throw new InvalidValue(`'${text}' has bits set in its first ${length}, which belong to the prefix`);
      wire.bytes(octets.subarray(skipped));
    }
    if (length > 0) name.parse(tokens, wire);
  },
  format: (wire) => {
    const length = wire.uint(1);
    if (length > 128) throw new InvalidValue(`${length} is not a prefix length: it is at most 128`);
    let text = String(length);
    if (length < 128) {
      const octets = new Uint8Array(16);
      octets.set(wire.bytes(16 - (length >> 3)), length >> 3);
      if (!isSuffix(octets, length)) throw new InvalidValue(`the suffix has bits set in its first ${length}`);
      text += ` ${formatIpv6(octets)}`;
    }
    return length > 0 ? `${text} ${name.format(wire)}` : text;
  },
};

/** Returns whether the first `bits` bits of the address are 0. */
function isSuffix(octets: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  return octets.subarray(0, whole).every((octet) => octet === 0) && (octets[whole] ?? 0) >> (8 - (bits & 7)) === 0;
}

/**
 * HIP (RFC 8005 §5, §6). The wire form begins with the lengths. The text is the algorithm, the tag in hex, and the key
 * in base64.
 */
const hostIdentity: FieldCodec = {
  parse: (tokens: TokenReader, wire: WireWriter) => {
    const algorithm = parseNumber(tokens.take('the algorithm'), 255);
    const tag = tokens.take('the host identity tag');
    const key = tokens.take('the public key');
    const tagOctets = Buffer.from(tag, 'hex');
    const keyOctets = Buffer.from(key, 'base64');
    if (tagOctets.length === 0 || tagOctets.length > 255 || tagOctets.toString('hex') !== tag.toLowerCase()) {
      throw new InvalidValue(`'${tag}' is not a host identity tag: 1 to 255 octets in hex`);
    }
    if (keyOctets.length === 0 || keyOctets.toString('base64') !== key) {
      throw new InvalidValue(`'${key}' is not base64 without blanks`);
    }
    wire.uint(tagOctets.length, 1);
    wire.uint(algorithm, 1);
    wire.uint(keyOctets.length, 2);
    wire.bytes(tagOctets);
    wire.bytes(keyOctets);
  },
  format: (wire: WireReader) => {
    const tagLength = wire.uint(1);
    const algorithm = wire.uint(1);
    const keyLength = wire.uint(2);
    if (tagLength === 0 || keyLength === 0) throw new InvalidValue('the host identity tag or the public key is empty');
    const tag = Buffer.from(wire.bytes(tagLength)).toString('hex');
    return `${algorithm} ${tag} ${Buffer.from(wire.bytes(keyLength)).toString('base64')}`;
  },
};

export const nameFields = { name, names, signer, gateway, relay, suffix, 'host-identity': hostIdentity };
