// Random requests for addresses, for the histories of address-model.test.ts. Places: address-model.ts.

import fc from 'fast-check';
import type { HostSharing, Port } from '../../src/model/allocation.ts';
import { strategies } from '../../src/model/pool.ts';
import { type Family, type ModelPool, type ModelRange, type Place, placesOfFamily } from './address-model.ts';

const pick = <T>(values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** The places of the ranges below, and a few others. The first ones are wanted more often. */
const place = fc.oneof(fc.nat(2), fc.nat(7), fc.nat(placesOfFamily + 5));
const places = fc.uniqueArray(place, { minLength: 1, maxLength: 2 });
const poolName = pick(['p', 'p', 'p', 'p', 'q', 'q', 's', 'c']);
/** `c` is carved out of one of the others, and `s` is split off. */
const anyPool = pick(['p', 'p', 'p', 'q', 'c', 's']);
export const range = (first: Place, last: Place, prefix = true): ModelRange => ({ first, last, prefix });

const pool: fc.Arbitrary<ModelPool> = fc.record({
  name: poolName,
  ranges: pick([
    [range(0, 7)],
    [range(4, 7), range(0, 3)],
    [range(8, 15)],
    [range(2, 5, false)],
    [range(6, 6), range(16, 19)],
    [range(0, 1), range(16, 17)],
    [range(16, 31)],
  ]),
  exclude: pick([[], [], [1], [0, 5]]),
  autoAssign: fc.nat(3).map((one) => one > 0),
  priority: pick([0, 1]),
  avoidBuggyIps: fc.boolean(),
  allowFirstLast: fc.boolean(),
  strategy: pick(strategies),
  coolDownSeconds: pick([0, 0, 60]),
  drain: fc.nat(7).map((one) => one === 0),
});

const sharing = pick<{ sharingKey?: string; ports?: Port[] }>([
  {},
  {},
  ...[1, 2, 3].map((port) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp' as const, port }] })),
  { sharingKey: 'other', ports: [{ protocol: 'udp', port: 1 }] },
]);
const expires = pick([undefined, undefined, 30, 90]);
const hostName = pick(['a', 'b', 'c', 'd']);
const families = pick<Family[]>([['ipv4'], ['ipv6'], ['ipv4', 'ipv6']]);
const port = (number: number) => [{ protocol: 'tcp' as const, port: number }];
const hostSharing = pick<HostSharing | undefined>([
  undefined,
  undefined,
  {},
  { shared: true },
  { shared: true },
  { shared: true, ptrFor: true },
  { sharingKey: 'k', ports: port(4) },
  { sharingKey: 'k', ports: port(1), ptrFor: true },
]);
const host = fc.record({
  name: hostName,
  pool: maybe(anyPool),
  families: maybe(families),
  prefer: fc.boolean(),
  named: fc.option(places, { nil: undefined, freq: 2 }),
  sharing: hostSharing,
  owner: pick(['', 'me']),
});

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put pool' as const), pool }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete pool' as const), name: anyPool }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('carve pool' as const),
      parent: pick(['p', 'p', 'q', 's', 'c']),
      family: pick<Family>(['ipv4', 'ipv4', 'ipv6']),
      size: pick([1, 2, 4]),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('renumber pool' as const),
      pool: anyPool,
      to: fc.oneof(anyPool, pick([range(2, 3), range(8, 9), range(16, 17)])),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('move host' as const), pool: anyPool, name: hostName }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move allocations' as const), pool: anyPool, place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop renumbering' as const), pool: anyPool }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end renumbering' as const), pool: anyPool }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('split pool' as const),
      pool: anyPool,
      name: pick(['s', 's', 's', 'q', 'p', 'c']),
      ranges: pick([
        [range(0, 3)],
        [range(4, 7)],
        [range(2, 3)],
        [range(1, 2, false)],
        [range(4, 4, false)],
        [range(4, 5), range(0, 0)],
        [range(0, 7)],
        [range(8, 11)],
        [range(16, 17)],
        [range(18, 19), range(6, 6)],
        [range(2, 3), range(2, 2)],
      ]),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('merge pools' as const), pool: anyPool, from: anyPool }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('swap hosts' as const),
      name: hostName,
      other: hostName,
      families: maybe(families),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create host' as const), host }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change host' as const), host }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete host' as const), name: hostName }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('allocate' as const),
      pool: anyPool,
      family: pick<Family>(['ipv4', 'ipv4', 'ipv6']),
      count: fc.integer({ min: 1, max: 3 }),
      named: fc.option(places, { nil: undefined, freq: 3 }),
      sharing,
      expires,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), place, one: maybe(fc.nat(1)) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), place, sharing, expires }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: pick([10, 40, 100]) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('keep house' as const) }) },
);
/** Hosts at two places, so that they often share one. */
const sharers = fc.array(
  fc.record({
    name: hostName,
    pool: fc.constant(undefined),
    families: fc.constant(undefined),
    prefer: fc.constant(false),
    named: pick<Place[]>([[2], [2, 3], [3, 2]]),
    sharing: hostSharing,
    owner: pick(['', 'me']),
  }),
  { maxLength: 3 },
);
/** A second pool, mostly beside the first one. */
const other = fc
  .tuple(pool, pick([[range(8, 15)], [range(8, 11), range(20, 23)], [range(24, 31), range(6, 7)]]))
  .map(([one, ranges]) => ({ ...one, name: 'q', ranges }));
/** Requests that seldom come together by themselves: pools in use are carved, renumbered, split and merged. */
const scene = fc
  .record({ a: anyPool, b: anyPool, c: anyPool, at: place, name: hostName, which: fc.nat(3) })
  .map(({ a, b, c, at, name, which }): Command[] => {
    const allocate = (from: string, count: number): Command => {
      const more = { named: undefined, sharing: {}, expires: undefined };
      return { kind: 'allocate', pool: from, family: 'ipv4', count, ...more };
    };
    const carve: Command = { kind: 'carve pool', parent: b, family: 'ipv4', size: 2 };
    const renumber: Command = { kind: 'renumber pool', pool: a, to: b };
    const moves: Command[] = [
      { kind: 'move allocations', pool: a, place: at },
      { kind: 'move host', pool: a, name },
    ];
    const end: Command = { kind: 'end renumbering', pool: a };
    const merge = (into: string, from: string): Command => ({ kind: 'merge pools', pool: into, from });
    const split: Command = { kind: 'split pool', pool: a, name: 's', ranges: [range(2, 5, false)] };
    const scenes: Command[][] = [
      [carve, allocate(a, 1), renumber, ...moves],
      [renumber, ...moves, end, merge(b, a), renumber],
      [renumber, merge(c, a), merge(c, b), split],
      [allocate(a, 3), split, allocate('s', 1), { kind: 'release', place: at, one: undefined }, merge(a, 's')],
    ];
    return scenes[which] ?? [];
  });
/** `isAimed`: the command is aimed at what exists then (address-aim.ts). */
const aimedCommands = fc
  .tuple(
    fc.oneof({ weight: 12, arbitrary: command.map((one) => [one]) }, { weight: 1, arbitrary: scene }),
    fc.nat(4).map((one) => one > 0),
  )
  .map(([all, isAimed]) => all.map((one) => ({ command: one, isAimed })));
/** A history begins with pools, which it may change and delete. */
export const history = fc
  .tuple(pool, maybe(other), sharers, fc.array(aimedCommands, { minLength: 10, maxLength: 30, size: 'max' }))
  .map(([first, second, hosts, rest]) => [
    ...[{ ...first, name: 'p' }, ...(second ? [second] : [])].map((one) => fixed({ kind: 'put pool', pool: one })),
    ...hosts.map((one) => fixed({ kind: 'create host', host: one })),
    ...rest.flat(),
  ]);
const fixed = (command: Command) => ({ command, isAimed: false });
export type RandomHistory = typeof history extends fc.Arbitrary<infer H> ? H : never;
export type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;
export type RandomHost = typeof host extends fc.Arbitrary<infer H> ? H : never;
