// Predicts, place by place, the pools of a split and of a merge, for the model of address-model.ts.

import { isHole, isInside, type ModelPool, type ModelRange, type Place, placesIn } from './address-model.ts';

/** Returns what is left of a pool without the places of these ranges. */
export function poolWithout(pool: ModelPool, leaving: readonly ModelRange[]): ModelPool {
  const isLeft = (place: Place) => !isInside({ ranges: leaving }, place);
  const left = { ...pool, ranges: pool.ranges.flatMap((range) => cut(range, isLeft)) };
  return keepHoles(pool, { ...left, exclude: pool.exclude.filter(isLeft) });
}

/** Returns the pool that gets these ranges of a pool. */
export function partOf(pool: ModelPool, name: string, ranges: ModelRange[]): ModelPool {
  return keepHoles(pool, {
    ...pool,
    name,
    ranges,
    exclude: pool.exclude.filter((place) => isInside({ ranges }, place)),
  });
}

/** Returns the pool with the ranges and the exclusions of another one. */
export function poolWith(pool: ModelPool, other: ModelPool): ModelPool {
  const isOfOther = (place: Place) => isInside(other, place);
  const added = other.exclude.filter(isOfOther);
  if (other.parent === pool.name) return { ...pool, exclude: [...new Set([...pool.exclude, ...added])] };
  const own = pool.exclude.filter((place) => !isOfOther(place));
  return { ...pool, ranges: [...pool.ranges, ...other.ranges], exclude: [...own, ...added] };
}

/** Returns the settings that the places of a pool get another value of when the pool is merged into another one. */
export function changedSettings(from: ModelPool, into: ModelPool): string[] {
  const settings = [
    ...(['autoAssign', 'priority', 'avoidBuggyIps', 'allowFirstLast'] as const),
    ...(['strategy', 'coolDownSeconds', 'drain'] as const),
  ];
  return settings.filter((setting) => from[setting] !== into[setting]);
}

/** Returns the parts of a range that stay. A part is a prefix if it can be one. */
function cut(range: ModelRange, stays: (place: Place) => boolean): ModelRange[] {
  const parts: ModelRange[] = [];
  for (const place of placesIn(range).filter(stays)) {
    const last = parts.at(-1);
    if (last?.last === place - 1) last.last = place;
    else parts.push({ first: place, last: place, prefix: false });
  }
  const isWhole = parts.length === 1 && parts[0]?.first === range.first && parts[0].last === range.last;
  return isWhole ? [range] : parts.map((part) => ({ ...part, prefix: isPrefix(part) }));
}

/** Returns whether the places are all those of a prefix. */
export function isPrefix({ first, last }: Pick<ModelRange, 'first' | 'last'>): boolean {
  const size = last - first + 1;
  return size > 1 && Number.isInteger(Math.log2(size)) && first % size === 0;
}

/** Returns the part with further exclusions, so that it gives no place which the pool does not give. */
function keepHoles(pool: ModelPool, part: ModelPool): ModelPool {
  const lost = part.ranges.flatMap(placesIn).filter((place) => isHole(pool, place) && !isHole(part, place));
  return { ...part, exclude: [...part.exclude, ...lost] };
}
