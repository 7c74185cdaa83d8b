// Splits the ranges of a pool, and joins those of two pools. Addresses that a pool excludes stay excluded. Pure: which
// pools may be split and joined is decided in control/pools.

import {
  type AddressRange,
  type Interval,
  parseRange,
  rangesWithin,
  rangesWithout,
  rangeText,
} from './address-range.ts';
import { hasReverseNames, type Pool, poolShape } from './pool.ts';

/**
 * Returns what is left of a pool without these ranges. Ranges that stay keep their order. A part of a range is a prefix
 * if it can be one. `ranges` is empty if nothing is left.
 */
export function withoutRanges(pool: Pool, leaving: readonly AddressRange[]): Pool {
  const ranges = poolShape(pool).ranges.flatMap((range) => cut(range, rangesWithout([range], leaving)));
  return keepExclusions(pool, { ...pool, ranges, exclude: exclusionsOutside(pool, leaving) });
}

/** Returns a pool with the settings of `pool`, these ranges of it, and its exclusions in them. */
export function partOf(pool: Pool, { id, name }: Pick<Pool, 'id' | 'name'>, ranges: readonly AddressRange[]): Pool {
  const texts = ranges.map(({ text }) => text);
  return keepExclusions(pool, { ...pool, id, name, ranges: texts, exclude: exclusionsInside(pool, ranges) });
}

/**
 * Returns the pool with the ranges and the exclusions of another one. Its settings stay. If the other one was carved
 * out of it, the pool has these ranges already.
 */
export function withPoolJoined(pool: Pool, other: Pool): Pool {
  const isChild = other.parent === pool.id;
  const { ranges } = poolShape(other);
  const own = isChild ? pool.exclude : exclusionsOutside(pool, ranges);
  const added = exclusionsInside(other, ranges).filter((text) => !own.includes(text));
  const hadOwnReverse = other.reverse !== undefined || hasReverseNames(other) !== hasReverseNames(pool);
  return {
    ...pool,
    ranges: isChild ? pool.ranges : [...pool.ranges, ...other.ranges],
    exclude: [...own, ...added],
    // Hosts of the other pool may have their PTRs as that pool had it (hosts/align-reverse.ts).
    ...(hadOwnReverse && { reverse: hasReverseNames(pool) }),
  };
}

/** Returns the texts of the parts of a range; its own text if it stays whole. */
function cut(range: AddressRange, parts: readonly Interval[]): string[] {
  const [only] = parts;
  if (parts.length === 1 && only?.first === range.first && only.last === range.last) return [range.text];
  return parts.map(rangeText);
}

function exclusionsOutside({ exclude }: Pool, ranges: readonly Interval[]): string[] {
  return exclude.map(parseRange).flatMap((hole) => cut(hole, rangesWithout([hole], ranges)));
}

function exclusionsInside({ exclude }: Pool, ranges: readonly Interval[]): string[] {
  return exclude.map(parseRange).flatMap((hole) => cut(hole, rangesWithin([hole], ranges)));
}

/**
 * Returns the part with further exclusions: the first and last addresses of the pool's prefixes, if the pool does not
 * hand them out, and the ranges of the part do not exclude them.
 */
function keepExclusions(pool: Pool, part: Pool): Pool {
  const { ranges, excluded } = poolShape(part);
  const lost = rangesWithout(rangesWithin(poolShape(pool).excluded, ranges), excluded);
  return lost.length === 0 ? part : { ...part, exclude: [...part.exclude, ...lost.map(rangeText)] };
}
