// Renumberings of pools as the API takes and shows them.

import type { Static } from 'typebox';
import { Type } from '../../model/json-schema.ts';
import { maxNamedSkipped, type Renumbering } from '../../model/renumbering.ts';
import type { Views } from '../../views/views.ts';
import { AddressText, LabelText, listOf, oneOf, strict } from './common.ts';

export const NewRenumbering = strict(
  {
    to: Type.String({
      minLength: 1,
      maxLength: 100,
      format: 'pool-or-range',
      description:
        'The name of the pool that gives the new addresses, or a range of a pool (`first-last`, a prefix, or one address). ' +
        'A range may be a part of the same pool',
      examples: ['subnet-202', '10.2.0.0/24'],
    }),
    allocations: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Allocations move too, with their ids. By default they stay: only their owners know who uses them',
      }),
    ),
  },
  'NewRenumbering',
);

const Count = Type.Integer({ minimum: 0 });

export const RenumberingBody = Type.Object(
  {
    pool: LabelText,
    to: { ...LabelText, description: 'The pool that gives the new addresses' },
    within: Type.Optional(
      Type.String({ description: 'The range of that pool that gives them; absent: the whole pool' }),
    ),
    allocations: Type.Boolean(),
    state: oneOf(['running', 'ended', 'stopped'], {
      description: '`stopped`: it could not go on, because the pool that gives the new addresses was deleted',
    }),
    reason: Type.Optional(Type.String({ description: 'Why it was stopped' })),
    startedAt: Type.String({ format: 'date-time' }),
    endedAt: Type.Optional(Type.String({ format: 'date-time' })),
    done: { ...Count, description: 'The held addresses that are done, at most a few seconds old' },
    total: { ...Count, description: 'The held addresses of the pool at the start' },
    left: {
      ...Count,
      description: 'The addresses of allocations that stay; if it was stopped, all addresses that stay',
    },
    skipped: Type.Object(
      {
        count: Count,
        first: Type.Array(Type.Object({ what: Type.String(), reason: Type.String() }), { maxItems: maxNamedSkipped }),
      },
      { description: 'The holders that could not be moved: their number, and why, for the first of them' },
    ),
  },
  { title: 'Renumbering' },
);

const PlannedMove = Type.Object(
  {
    holder: Type.String({ description: '`host:` or `allocation:` with a name or an id' }),
    from: Type.Array(AddressText),
    to: Type.Array(AddressText, { description: 'In the order of `from`; empty: the holder keeps its addresses' }),
    reason: Type.Optional(Type.String({ description: 'Why the holder keeps its addresses' })),
  },
  { title: 'PlannedMove' },
);
export const Plan = listOf(PlannedMove);

/** Returns a renumbering as answers show it: with the names of the pools. A pool that is gone is shown with its id. */
export function showRenumbering(
  { views }: { views: Pick<Views, 'pools'> },
  { position: _, pool, to, ...shown }: Renumbering,
): Static<typeof RenumberingBody> {
  const nameOf = (id: string) => views.pools.byId(id)?.value.name ?? id;
  return { pool: nameOf(pool), to: nameOf(to), ...shown };
}
