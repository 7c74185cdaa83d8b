// Random questions about the names of a family, about names above, below and beside them, and about names in their
// rdata. The questions vary in type, transport, EDNS and case.

import { Random } from '../support/random.ts';
import { child, fits, parent, toWire, upTo, wireLength } from './names.ts';
import type { Family, ZoneRecord } from './zone-builder.ts';

export interface Question {
  /** The name. Its letters may have either case. */
  name: string;
  type: QuestionType;
  tcp: boolean;
  recursionDesired: boolean;
  /** The flag AD of the query. */
  authenticData?: boolean;
  /** The flag CD of the query. */
  checkingDisabled?: boolean;
  edns?: { udpSize: number; dnssecOk: boolean };
}

/** The types of questions. `code`: the number of the type. `weight`: how often it is asked for. */
const types = {
  A: { code: 1, weight: 24 },
  NS: { code: 2, weight: 8 },
  CNAME: { code: 5, weight: 8 },
  SOA: { code: 6, weight: 5 },
  PTR: { code: 12, weight: 2 },
  MX: { code: 15, weight: 8 },
  TXT: { code: 16, weight: 8 },
  AAAA: { code: 28, weight: 8 },
  AFSDB: { code: 18, weight: 1 },
  RT: { code: 21, weight: 1 },
  SRV: { code: 33, weight: 5 },
  KX: { code: 36, weight: 1 },
  SVCB: { code: 64, weight: 2 },
  HTTPS: { code: 65, weight: 4 },
  LP: { code: 107, weight: 1 },
  DNAME: { code: 39, weight: 6 },
  DS: { code: 43, weight: 10 },
  ANY: { code: 255, weight: 7 },
};
export type QuestionType = keyof typeof types;

const seldomTypes = /^(AFSDB|RT|KX|SVCB|HTTPS|LP)$/;

const weights = Object.fromEntries(Object.entries(types).map(([type, { weight }]) => [type, weight])) as Record<
  QuestionType,
  number
>;

/** Returns the questions about a family. The same seed and family give the same questions. */
export function randomQuestions(seed: number, family: Family, count: number): Question[] {
  const random = new Random(seed, family.number, 1);
  const owners = family.zones.flatMap(({ apex, records }) =>
    records.flatMap(({ owner }) => upTo(owner.toLowerCase(), apex)),
  );
  const targets = family.zones.flatMap(({ records }) =>
    records.filter(({ type }) => /^(CNAME|DNAME|NS|PTR)$/.test(type)).map(({ rdata }) => rdata.toLowerCase()),
  );
  const names = [...new Set(owners)];
  const dnames = family.zones.flatMap(({ records }) => records.filter(({ type }) => type === 'DNAME'));
  // Asks for a rare type only at a name that has it.
  const seldom = family.zones.flatMap(({ records }) => records.filter(({ type }) => seldomTypes.test(type)));
  return Array.from({ length: count }, () => {
    if (seldom.length > 0 && random.chance(0.1)) {
      const { owner, type } = random.pick(seldom);
      return { ...randomManner(random), name: randomCase(random, owner), type: type as QuestionType };
    }
    // Asks for DS at an apex, where the parent zone answers.
    if (random.chance(0.03)) return { ...randomManner(random), name: random.pick(family.zones).apex, type: 'DS' };
    const name = randomCase(random, randomName(random, names, targets, dnames));
    return { ...randomManner(random), name, type: random.weighted(weights) };
  });
}

function randomName(
  random: Random,
  owners: readonly string[],
  targets: readonly string[],
  dnames: readonly ZoneRecord[],
): string {
  const owner = random.pick(owners);
  const kind = random.weighted({
    owner: 40,
    below: 25,
    wellBelow: 12,
    beside: 8,
    above: 2,
    longBelow: 5,
    dnameLimit: 4,
    target: 8,
  });
  const label = (): string => random.pick(['a', 'b', 'c', 'q', '*', '_x', 'ns']);
  const fitting = (name: string): string => (fits(name) ? name : owner);
  switch (kind) {
    case 'below':
      return fitting(child(label(), owner));
    case 'wellBelow':
      return fitting(child(label(), child(label(), owner)));
    case 'beside':
      return fitting(child(label(), parent(owner)));
    case 'above':
      return parent(owner);
    case 'longBelow':
      return longBelow(random, owner);
    case 'dnameLimit':
      return dnames.length > 0 ? fitting(atDnameLimit(random, random.pick(dnames))) : owner;
    case 'target':
      return targets.length > 0 ? random.pick(targets) : owner;
    default:
      return owner;
  }
}

/** Returns a name for which the DNAME makes a name of 254 to 256 octets. */
function atDnameLimit(random: Random, { owner, rdata }: ZoneRecord): string {
  let name = owner.toLowerCase();
  for (let octets = 254 + random.below(3) - wireLength(rdata); octets > 1; ) {
    const label = Math.min(63, octets - 1);
    // A label needs at least two octets.
    const length = octets - 1 - label === 1 ? label - 1 : label;
    name = child('m'.repeat(length), name);
    octets -= 1 + length;
  }
  return name;
}

/** Returns a long name below the owner, often of nearly the maximum length. */
function longBelow(random: Random, owner: string): string {
  let name = owner;
  for (const length of [63, 63, 63, 40, 20, 10, 5, 3, 2, 1]) {
    if (random.chance(0.85) && fits(child('m'.repeat(length), name))) name = child('m'.repeat(length), name);
  }
  return name;
}

function randomCase(random: Random, name: string): string {
  return random.chance(0.2) ? random.mixCase(name) : name;
}

function randomManner(random: Random): Omit<Question, 'name' | 'type'> {
  const plain = {
    tcp: random.chance(0.12),
    recursionDesired: random.chance(0.3),
    authenticData: random.chance(0.2),
    checkingDisabled: random.chance(0.2),
  };
  if (random.chance(0.4)) return plain;
  return { ...plain, edns: { udpSize: random.pick([512, 1232, 1232, 4096]), dnssecOk: random.chance(0.4) } };
}

/** Returns the query in wire form, with id 0. */
export function encodeQuery(question: Question): Buffer {
  const { name, type, recursionDesired, authenticData = false, checkingDisabled = false, edns } = question;
  const header = Buffer.alloc(12);
  header[2] = recursionDesired ? 1 : 0;
  header[3] = (authenticData ? 0x20 : 0) | (checkingDisabled ? 0x10 : 0);
  header[5] = 1;
  header[11] = edns === undefined ? 0 : 1;
  const asked = Buffer.concat([toWire(name), Buffer.from([0, types[type].code, 0, 1])]);
  if (edns === undefined) return Buffer.concat([header, asked]);
  const opt = [0, 0, 41, edns.udpSize >> 8, edns.udpSize & 255, 0, 0, edns.dnssecOk ? 0x80 : 0, 0, 0, 0];
  return Buffer.concat([header, asked, Buffer.from(opt)]);
}

/** Returns the question as arguments of dig. */
export function describeQuestion(question: Question): string {
  const { name, type, tcp, recursionDesired, authenticData, checkingDisabled, edns } = question;
  const flags = [tcp ? '+tcp' : '', recursionDesired ? '+rd' : '+nord', authenticData === true ? '+ad' : '+noad'];
  if (checkingDisabled === true) flags.push('+cd');
  flags.push(edns === undefined ? '+noedns' : `+bufsize=${edns.udpSize}${edns.dnssecOk ? ' +dnssec' : ''}`);
  return [name, type, ...flags].filter((word) => word !== '').join(' ');
}
