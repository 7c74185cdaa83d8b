// Pools as users define them, with their ranges, exclusions and capacity. views/ has the addresses in use.

import { type AddressNumber, type Family, familyOfNumber } from './address.ts';
import { type AddressRange, type Interval, parseRange, rangeHolds, rangesWithout } from './address-range.ts';
import { atPath, callEach, InvalidValue, parseEach } from './invalid-value.ts';
import { newUlid } from './ulid.ts';
import { orUnknown } from './unknown.ts';

export const strategies = ['lowest', 'random', 'least-recently-used'] as const;
type Strategy = (typeof strategies)[number];

interface StrategyTraits {
  /** Says in the API which free address a pool gives next. */
  description: string;
  /** The order of addresses that were never in use. */
  order: 'ascending' | 'random';
  /** True: the requests of one transaction search on where the earlier ones stopped. */
  sharesSearch: boolean;
  /** True: an address keeps its record after its release, and addresses that were in use come last. */
  remembersReleases: boolean;
}

/** What distinguishes the strategies. Code asks this table, not for the name of a strategy. */
export const strategyTraits: Readonly<Record<Strategy, StrategyTraits>> = {
  lowest: {
    description: 'the first free one, in the order of the ranges',
    order: 'ascending',
    sharesSearch: true,
    remembersReleases: false,
  },
  random: {
    description: 'any free one',
    order: 'random',
    // Each request gets an address from another place of the pool.
    sharesSearch: false,
    remembersReleases: false,
  },
  'least-recently-used': {
    description: 'one that was never in use, in the order of the ranges; then the one that was released first',
    order: 'ascending',
    sharesSearch: true,
    remembersReleases: true,
  },
};

/** Free text about a resource, by which users search. */
export type Tags = Record<string, string>;

export const maxTags = 64;

/** The limit for the ranges of a pool, and that for its exclusions. */
export const maxRanges = 1000;

/** The space of an address or pool for which no space is named. */
export const defaultSpace = 'default';

/** Throws InvalidValue for too many tags. A schema cannot check this for a patch, which adds to the existing tags. */
export function checkTags(tags: Readonly<Tags>): void {
  if (Object.keys(tags).length > maxTags) throw new InvalidValue(`has more than ${maxTags} tags`);
}

export interface Pool {
  /**
   * Never changes, and is the end of the pool's key. Stored values refer to the pool by it. A ULID in lower case, or
   * the pool's first name, if a version wrote the pool that gave it no id.
   */
  id: string;
  name: string;
  /** The id of the pool around this one, from which this one was carved. */
  parent?: string;
  ranges: string[];
  exclude: string[];
  autoAssign: boolean;
  priority: number;
  avoidBuggyIps: boolean;
  allowFirstLast: boolean;
  strategy: Strategy;
  coolDownSeconds: number;
  drain: boolean;
  space: string;
  /** Whether hosts get PTRs for its addresses. Undefined: as {@link hasReverseNames} says. */
  reverse?: boolean;
  description: string;
  tags: Tags;
}

export const poolDefaults: Omit<Pool, 'id' | 'name' | 'ranges'> = {
  exclude: [],
  autoAssign: true,
  priority: 0,
  avoidBuggyIps: false,
  allowFirstLast: true,
  strategy: 'lowest',
  coolDownSeconds: 0,
  drain: false,
  space: defaultSpace,
  description: '',
  tags: {},
};

/** Makes the id of a new pool. `now`: milliseconds since the epoch. */
export function newPoolId(now: number): string {
  return newUlid(now).toLowerCase();
}

/**
 * Returns whether hosts get PTRs for the addresses of the pool. DNS has one reverse tree: by default, its names belong
 * to the default space.
 */
export function hasReverseNames({
  space,
  reverse = space === defaultSpace,
}: {
  space: string;
  reverse?: boolean | undefined;
}): boolean {
  return reverse;
}

/**
 * Returns the pool with its defaults filled in and its ranges canonical. A carved pool is not automatic by default: a
 * block that was carved for somebody is not handed out to everybody. Without an id in the settings, the id is the
 * name, as in values that have none. Throws InvalidValue with the paths of all faulty fields.
 */
export function poolFrom(name: string, settings: Partial<Omit<Pool, 'name'>>): Pool {
  const { ranges = [], exclude = [], tags = {} } = settings;
  const canonical = (texts: readonly string[]) => parseEach(texts, (text) => parseRange(text).text);
  const [canonicalRanges = [], canonicalExclude = []] = callEach([
    () => {
      if (ranges.length === 0) throw new InvalidValue('a pool needs a range', '/ranges');
      return atPath('/ranges', () => canonical(ranges));
    },
    () => atPath('/exclude', () => canonical(exclude)),
    () => {
      atPath('/tags', () => checkTags(tags));
      return [];
    },
  ]);
  const { reverse, ...pool } = {
    id: name,
    ...poolDefaults,
    ...(settings.parent !== undefined && { autoAssign: false }),
    ...settings,
    name,
    ranges: canonicalRanges,
    exclude: canonicalExclude,
  };
  return reverse === undefined || reverse === hasReverseNames(pool) ? pool : { ...pool, reverse };
}

/** The addresses that a pool may hand out: its ranges in listed order, without the excluded intervals. */
export interface PoolShape {
  ranges: AddressRange[];
  excluded: Interval[];
  avoidBuggyIps: boolean;
}

type ShapedPool = Readonly<Pick<Pool, 'ranges' | 'exclude' | 'avoidBuggyIps' | 'allowFirstLast'>>;

/** The shapes computed so far: a pool may have thousands of ranges, and many addresses are checked against them. */
const shapes = new WeakMap<ShapedPool, PoolShape>();

/** Returns the shape of a pool. Throws InvalidValue for a range that cannot be read. */
export function poolShape(pool: ShapedPool): PoolShape {
  const known = shapes.get(pool);
  if (known !== undefined) return known;
  const shape = newShape(pool);
  shapes.set(pool, shape);
  return shape;
}

function newShape(pool: ShapedPool): PoolShape {
  const ranges = pool.ranges.map((text) => orUnknown(() => parseRange(text)));
  const excluded = orUnknown(() => {
    const ends = pool.allowFirstLast ? [] : ranges.flatMap(firstAndLast);
    return mergeIntervals([...pool.exclude.map(parseRange), ...ends]);
  });
  return { ranges, excluded, avoidBuggyIps: pool.avoidBuggyIps };
}

/** Returns the shape without the carved intervals: other pools have these. Exclusions stay as they are. */
export function carvedShape(shape: PoolShape, carved: readonly Interval[]): PoolShape {
  if (carved.length === 0) return shape;
  const ranges = shape.ranges.flatMap(({ text, family, ...range }) =>
    rangesWithout([range], carved).map((part) => ({ text, family, ...part })),
  );
  return { ...shape, ranges };
}

/** Returns the first excluded interval that has an address between these. Ignores `avoidBuggyIps`. */
export function exclusionIn({ excluded }: PoolShape, { first, last }: Interval): Interval | undefined {
  const hole = excluded[firstReaching(excluded, first)];
  return hole !== undefined && hole.first <= last ? hole : undefined;
}

/** Returns the first and the last address of a prefix. Returns none for /31, /32, /127, /128 and `a-b` ranges. */
function firstAndLast(range: AddressRange): Interval[] {
  if (range.prefixLength === undefined || range.last - range.first < 2n) return [];
  return [range.first, range.last].map((value) => ({ first: value, last: value }));
}

/** Returns the intervals sorted. Joins those that overlap or adjoin. */
function mergeIntervals(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const { first, last } of [...intervals].sort((a, b) => (a.first < b.first ? -1 : 1))) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous.last + 1n) {
      if (last > previous.last) previous.last = last;
    } else merged.push({ first, last });
  }
  return merged;
}

export function shapeHolds(shape: PoolShape, value: AddressNumber): boolean {
  return shape.ranges.some((range) => rangeHolds(range, value));
}

export function isExcluded(shape: PoolShape, value: AddressNumber): boolean {
  if (shape.avoidBuggyIps && isBuggy(value)) return true;
  const hole = shape.excluded[firstReaching(shape.excluded, value)];
  return hole !== undefined && hole.first <= value;
}

/**
 * Returns whether an IPv4 address ends in .0 or .255: some equipment mistakes it for a network or broadcast address.
 */
export function isBuggy(value: AddressNumber): boolean {
  if (familyOfNumber(value) !== 'ipv4') return false;
  const low = value & 255n;
  return low === 0n || low === 255n;
}

/** Returns how many addresses of a family the pool can hand out. */
export function capacityOf(shape: PoolShape, family: Family): bigint {
  let capacity = 0n;
  for (const range of shape.ranges) {
    if (range.family === family) for (const part of usableParts(range, shape.excluded)) capacity += sizeOf(part, shape);
  }
  return capacity;
}

/** Yields the parts of a range outside the excluded intervals, which must be sorted. */
function* usableParts(range: AddressRange, excluded: readonly Interval[]): Generator<Interval> {
  let first = range.first;
  for (let index = firstReaching(excluded, first); index < excluded.length; index += 1) {
    const hole = excluded[index] as Interval;
    if (hole.first > range.last) break;
    if (hole.first > first) yield { first, last: hole.first - 1n };
    first = hole.last + 1n;
  }
  if (first <= range.last) yield { first, last: range.last };
}

/**
 * Returns the index of the first interval that ends at `value` or after it, or the number of intervals if none does.
 */
function firstReaching(intervals: readonly Interval[], value: bigint): number {
  let [low, high] = [0, intervals.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle] as Interval).last < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sizeOf({ first, last }: Interval, shape: PoolShape): bigint {
  const size = last - first + 1n;
  if (!shape.avoidBuggyIps || familyOfNumber(first) !== 'ipv4') return size;
  return size - (buggyUpTo(last) - buggyUpTo(first - 1n));
}

/** Returns how many numbers from 0 up to this one have a last octet of 0 or 255. */
function buggyUpTo(value: AddressNumber): bigint {
  return 2n * (value >> 8n) + 1n + ((value & 255n) === 255n ? 1n : 0n);
}
