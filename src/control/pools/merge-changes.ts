// What is different for the addresses of a pool that was merged into another one, whose settings apply now.

import { hasReverseNames, type Pool, strategyTraits } from '../../model/pool.ts';

type Value = string | number | boolean;

/** A setting that the two pools do not have in common. */
export interface MergeChange {
  setting: string;
  before: Value;
  after: Value;
  /** What that means for the addresses, and for those who hold them. */
  message: string;
}

interface Setting {
  read: (pool: Pool) => Value;
  tell: (after: Value, before: Value) => string;
}

const exclusion = (isExcluding: (value: Value) => boolean, which: string) => (after: Value) =>
  isExcluding(after)
    ? `${which} are no longer given; those who hold one keep it`
    : `${which} can be given, unless "exclude" names them`;

const settings = {
  autoAssign: {
    read: ({ autoAssign }) => autoAssign,
    tell: (after) => `requests that name no pool ${after ? 'can get' : 'no longer get'} its addresses`,
  },
  priority: {
    read: ({ priority }) => priority,
    tell: () => 'requests that name no pool come to its addresses in another order of pools',
  },
  avoidBuggyIps: {
    read: ({ avoidBuggyIps }) => avoidBuggyIps,
    tell: exclusion((value) => value === true, 'IPv4 addresses that end in .0 or .255'),
  },
  allowFirstLast: {
    read: ({ allowFirstLast }) => allowFirstLast,
    tell: exclusion((value) => value === false, 'the first and the last address of a prefix'),
  },
  strategy: {
    read: ({ strategy }) => strategy,
    tell: (_, before) =>
      `free addresses are chosen in another order${strategyTraits[before as Pool['strategy']].remembersReleases ? ', and when they were last used is forgotten' : ''}`,
  },
  coolDownSeconds: {
    read: ({ coolDownSeconds }) => coolDownSeconds,
    tell: (after, before) =>
      after < before
        ? 'cool-downs are shorter, also those that have begun'
        : 'addresses that are released from now on cool down for longer',
  },
  drain: {
    read: ({ drain }) => drain,
    tell: (after) => (after ? 'no address is given; those who hold one keep it' : 'addresses are given again'),
  },
  reverse: {
    read: hasReverseNames,
    tell: (after) => `its hosts ${after ? 'get' : 'lose'} the PTRs of its addresses`,
  },
} satisfies Partial<Record<keyof Pool, Setting>>;

/** Returns what is different for the addresses of `from` with the settings of `into`. */
export function changedByMerge(from: Pool, into: Pool): MergeChange[] {
  return Object.entries<Setting>(settings).flatMap(([setting, { read, tell }]) => {
    const [before, after] = [read(from), read(into)];
    return before === after ? [] : [{ setting, before, after, message: tell(after, before) }];
  });
}
