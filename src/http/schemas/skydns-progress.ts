// The progress of the SkyDNS layout of a zone, as the API shows it in the zone. The keys of other programs in the
// layout: skydns.ts.

import type { Static } from 'typebox';
import { Type } from '../../model/json-schema.ts';
import { noFaults, type SkydnsState } from '../../model/skydns/state.ts';
import type { Zone } from '../../model/zone.ts';

const SkydnsFault = Type.Object({ what: Type.String(), reason: Type.String() }, { title: 'SkydnsFault' });

const skydnsFaults = (description: string) =>
  Type.Object({ count: Type.Integer(), first: Type.Array(SkydnsFault) }, { description });

export const SkydnsProgress = Type.Object(
  {
    phase: Type.Enum(['waiting', 'clearing', 'writing', 'following', 'unavailable'] as const, {
      description:
        '`following`: the layout is complete, and every write updates it. After a change of settings or an import, the phases before that are: `waiting` for the replica that leads, `clearing` leftover keys, `writing` the keys of all names. `unavailable`: the zone was restored into a store that is not etcd, and that has no layout. Set `skydns` to false',
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
    description: 'The progress of the SkyDNS layout; absent if the zone has no layout',
  },
);

/** The state of the zones' layouts in a store that has none. */
export const noLayout = Symbol();

const unbegun = { phase: 'clearing', done: 0, total: 0, leftOut: noFaults, notServed: noFaults } as const;

/** Returns the progress of the zone's layout. `state`: undefined before the work has begun. */
export function showSkydnsProgress(
  zone: Zone,
  state: SkydnsState | typeof noLayout | undefined,
): Static<typeof SkydnsProgress> {
  if (state === noLayout) return { ...unbegun, phase: 'unavailable' };
  const { phase, done, total, leftOut, notServed } = state ?? unbegun;
  const { on, generation, defaultTtl } = state?.settings ?? {};
  const isBegun = on === zone.skydns && generation === zone.generation && defaultTtl === zone.defaultTtl;
  return { phase: isBegun ? phase : 'waiting', done: isBegun ? done : 0, total, leftOut, notServed };
}
