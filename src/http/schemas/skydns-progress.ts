// How far the SkyDNS layout of a zone is, as the API shows it in the zone. What others have in the layout: skydns.ts.

import type { Static } from 'typebox';
import { Type } from '../../model/json-schema.ts';
import { noFaults, type SkydnsState } from '../../model/skydns/state.ts';
import type { Zone } from '../../model/zone.ts';

const SkydnsFault = Type.Object({ what: Type.String(), reason: Type.String() }, { title: 'SkydnsFault' });

const skydnsFaults = (description: string) =>
  Type.Object({ count: Type.Integer(), first: Type.Array(SkydnsFault) }, { description });

export const SkydnsProgress = Type.Object(
  {
    phase: Type.Enum(['waiting', 'clearing', 'writing', 'following'] as const, {
      description:
        '`following`: every write keeps its keys. Before that, after a change of settings or an import: `waiting` for the replica that leads, `clearing` keys that are left over, `writing` the keys of all names',
    }),
    done: Type.Integer({ description: 'Names that the phase has done' }),
    total: Type.Integer({ description: 'Names of the zone when the phase began' }),
    leftOut: skydnsFaults(
      'RRsets of ours that had no values in the layout when the keys of all names were written last',
    ),
    notServed: skydnsFaults('Values of others in the layout that are not served, by their keys'),
  },
  {
    title: 'SkydnsProgress',
    description: 'How far the SkyDNS layout is; absent if the zone has none',
  },
);

const unbegun = { phase: 'clearing', done: 0, total: 0, leftOut: noFaults, notServed: noFaults } as const;

/** Returns how far the layout of the zone is. Without a state, the work has not begun. */
export function showSkydnsProgress(zone: Zone, state: SkydnsState | undefined): Static<typeof SkydnsProgress> {
  const { phase, done, total, leftOut, notServed } = state ?? unbegun;
  const { on, generation, defaultTtl } = state?.settings ?? {};
  const isBegun = on === zone.skydns && generation === zone.generation && defaultTtl === zone.defaultTtl;
  return { phase: isBegun ? phase : 'waiting', done: isBegun ? done : 0, total, leftOut, notServed };
}
