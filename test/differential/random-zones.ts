// Families of small zones with many collisions: a parent, perhaps a child zone, perhaps an unrelated zone that aliases
// lead to. They use few labels, so that wildcards, delegations, aliases and empty non-terminals meet. NSD and Knot load
// most of them. random-questions.ts makes the questions about them.

import { Random } from '../support/random.ts';
import { child, fits, isAtOrBelow, isBelow } from './names.ts';
import { type Family, type Zone, ZoneBuilder } from './zone-builder.ts';

const long = 'l'.repeat(63);
const half = 'h'.repeat(31);

function randomLabel(random: Random): string {
  return random.weighted({ a: 10, b: 8, '*': 8, _x: 4, c: 3, [half]: 1, [long]: 1 });
}

/** Returns the family with this number of the run with this seed. The same arguments give the same family. */
export function randomFamily(seed: number, number: number): Family {
  const random = new Random(seed, number);
  const base = `z${number}.test.`;
  // Some apexes are so long that names below them, and names that a DNAME makes, reach 255 octets.
  const apex = random.chance(0.15) ? `${random.pick([long, half])}.${long}.${long}.${base}` : base;
  const places = randomPlaces(random, apex);
  const apexes = [apex];
  if (random.chance(0.35)) {
    const inner = random.pick(places);
    if (isBelow(inner, apex) && !inner.includes('*')) {
      apexes.push(inner);
      places.push(...randomPlaces(random, inner));
      const innermost = places.find((place) => isBelow(place, inner) && !place.includes('*'));
      if (innermost !== undefined && random.chance(0.3)) apexes.push(innermost);
    }
  }
  if (random.chance(0.25)) {
    apexes.push(`y${number}.test.`);
    places.push(...randomPlaces(random, `y${number}.test.`));
  }
  return { number, zones: apexes.map((one) => randomZone(random, one, apexes, places)) };
}

/** Returns the apex and some names below it. Each is a child of an earlier one. */
function randomPlaces(random: Random, apex: string): string[] {
  const places = [apex];
  for (let left = 4 + random.below(7); left > 0; left -= 1) {
    const place = child(randomLabel(random), random.pick(places));
    if (fits(place) && !places.includes(place)) places.push(place);
  }
  return places;
}

function randomZone(random: Random, apex: string, apexes: readonly string[], places: readonly string[]): Zone {
  const inner = apexes.filter((one) => isBelow(one, apex));
  // In rare cases the parent has no delegation for its child.
  const delegated = inner.filter(() => !random.chance(0.15));
  const unknown = inner.filter((one) => !delegated.includes(one));
  const own = places.filter((place) => isAtOrBelow(place, apex) && !unknown.some((one) => isAtOrBelow(place, one)));
  const zone = new ZoneBuilder(random, apex);
  const target = (): string => randomTarget(random, own, places);
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const server = random.pick([`ns1.${apex}`, `ns2.${apex}`, 'ns.elsewhere.', target()]);
    zone.add(apex, 'NS', fits(server) ? server : 'ns.elsewhere.');
  }
  if (random.chance(0.7)) zone.add(`ns1.${apex}`, random.pick(['A', 'AAAA']), '');
  for (const cut of delegated) {
    zone.add(cut, 'NS', random.pick([`ns1.${cut}`, target()]));
    if (random.chance(0.5)) zone.add(`ns1.${cut}`, 'A', '');
    if (random.chance(0.4)) zone.add(cut, 'DS', '');
  }
  for (let left = 5 + random.below(14); left > 0; left -= 1) addSome(random, zone, random.pick(own), target);
  if (random.chance(0.08)) addMany(random, zone, random.pick(own));
  if (random.chance(0.08)) addBigDelegation(random, zone, random.pick(own));
  if (random.chance(0.06)) addChain(random, zone, random.pick(own), target());
  if (random.chance(0.05)) addDname(random, zone, apex, target());
  zone.clearBelowDnames();
  return zone.build();
}

function randomTarget(random: Random, own: readonly string[], places: readonly string[]): string {
  const kind = random.weighted({ own: 40, below: 25, any: 15, outside: 15, root: 1 });
  if (kind === 'outside') return random.pick(['ns.elsewhere.', 'a.elsewhere.', 'A.B.elsewhere.', 'test.']);
  if (kind === 'root') return '.';
  const place = random.pick(kind === 'any' ? places : own);
  if (kind !== 'below') return place;
  const below = child(random.pick(['a', 'b', 'q', '_x', 'a.b', '*']), place);
  return fits(below) ? below : place;
}

function addSome(random: Random, zone: ZoneBuilder, owner: string, target: () => string): void {
  const type = random.weighted({
    A: 14,
    AAAA: 7,
    TXT: 8,
    MX: 6,
    SRV: 5,
    HTTPS: 4,
    SVCB: 2,
    AFSDB: 1,
    RT: 1,
    KX: 1,
    LP: 1,
    L32: 1,
    PTR: 2,
    DS: 1,
    CNAME: 16,
    DNAME: 6,
    NS: 10,
  });
  if (type === 'DNAME') addDname(random, zone, owner, target());
  else if (!zone.add(owner, type, target())) return;
  if (type !== 'NS' || owner === zone.apex) return;
  // A delegation: more servers, all kinds of glue, and records that it hides.
  if (random.chance(0.5)) {
    const server = child(random.pick(['ns', 'a', 'b.a']), owner);
    if (!fits(server)) return;
    zone.add(owner, 'NS', server);
    if (random.chance(0.8)) zone.add(server, 'A', '');
    if (random.chance(0.4)) zone.add(server, 'AAAA', '');
  }
  if (random.chance(0.3)) zone.add(owner, 'DS', '');
  if (random.chance(0.2)) zone.add(owner, random.pick(['A', 'TXT', 'MX']), target());
}

/** Adds a DNAME. In rare cases its target is at or below its owner, so that following it never ends. */
function addDname(random: Random, zone: ZoneBuilder, owner: string, target: string): void {
  zone.add(owner, 'DNAME', isAtOrBelow(target, owner) && random.chance(0.9) ? 'a.elsewhere.' : target);
}

/** Adds a large RRset. Its response often exceeds 512 octets, and sometimes 1232. */
function addMany(random: Random, zone: ZoneBuilder, owner: string): void {
  const type = random.pick(['TXT', 'AAAA', 'MX']);
  for (let left = 8 + random.below(50); left > 0; left -= 1)
    zone.add(owner, type, `${random.pick('abcdef'.split(''))}${left}.${zone.apex}`);
}

/** Adds so many name servers with addresses that a referral may not fit. */
function addBigDelegation(random: Random, zone: ZoneBuilder, owner: string): void {
  if (owner === zone.apex) return;
  for (let left = 4 + random.below(10); left > 0; left -= 1) {
    const server = child(`n${left}`, random.chance(0.8) ? owner : zone.apex);
    if (!fits(server)) continue;
    zone.add(owner, 'NS', server);
    zone.add(server, 'A', '');
    zone.add(server, 'AAAA', '');
  }
}

/** Adds a chain of aliases, sometimes a loop. */
function addChain(random: Random, zone: ZoneBuilder, below: string, end: string): void {
  const length = 2 + random.below(20);
  if (!fits(child('k99', below))) return;
  const links = Array.from({ length }, (_, link) => child(`k${link}`, below));
  for (const [link, name] of links.entries()) {
    zone.add(name, 'CNAME', links[link + 1] ?? (random.chance(0.3) ? (links[0] as string) : end));
  }
}
