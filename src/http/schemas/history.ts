// The schemas of events, of the history of addresses and of the usage of pools.

import { eventActions, eventResources } from '../../model/audit-event.ts';
import { Type } from '../../model/json-schema.ts';
import { nullable, oneOf } from './common.ts';

const Time = Type.String({ format: 'date-time' });
const Fields = nullable(Type.Object({}, { additionalProperties: true }), {
  description:
    'If the action is `changed`: only the fields that differ, and the zone of an RRset, the space of an address or the id of a pool. Null: the resource did not exist',
});

export const EventBody = Type.Object(
  {
    id: Type.String({ description: 'The revision of the change, and its place among the events of that revision' }),
    revision: Type.Integer(),
    at: Time,
    resource: oneOf(eventResources, {
      description: '`authentication`: requests without a valid token, from one client, counted over about a minute',
    }),
    action: oneOf(eventActions),
    name: Type.String({ description: 'The name of the resource, or the address of the client' }),
    actor: Type.Object({
      kind: oneOf(['token', 'system']),
      id: Type.String(),
      name: Type.String(),
      from: Type.Optional(Type.String({ description: 'The address of the client' })),
      requestId: Type.Optional(Type.String()),
      request: Type.Optional(Type.String({ description: 'The method and the path' })),
    }),
    replica: Type.String({ description: 'The replica that carried the change out' }),
    before: Fields,
    after: Fields,
    digest: Type.Boolean({ description: 'True: the event was too large, and `before` and `after` are digests' }),
  },
  { title: 'Event' },
);

export const HoldBody = Type.Object(
  {
    holder: Type.String({ description: '`host:<name>` or `allocation:<id>`' }),
    owner: Type.String(),
    pool: nullable(Type.String(), {
      description: 'The present name of the pool that gave the address; its id if it was deleted',
    }),
    from: nullable(Time, { description: 'Null: before the ledger began' }),
    until: nullable(Time, { description: 'Null: the holder still has the address' }),
    lost: Type.Optional(
      Type.Object(
        {
          what: oneOf(['beginning', 'break', 'end'], {
            description: '`break`: the holder may have given the address back and taken it again',
          }),
          from: Time,
          until: Time,
        },
        {
          title: 'LostPart',
          description:
            'Set if events between its `from` and `until` were lost. Then it is not known when the holder took the address (`beginning`) or gave it back (`end`), or whether it gave the address back and took it again (`break`). `from` and `until` of the hold are then the widest possible',
        },
      ),
    ),
  },
  { title: 'Hold' },
);

const count = Type.Number({ description: 'Rounded if it is more than 2^53' });
const Level = Type.Object(
  {
    capacity: count,
    used: count,
    recorded: count,
    coolingDown: count,
    peak: Type.Number({ description: 'The maximum of `used` within the step' }),
  },
  { title: 'UsageLevel', description: 'At the end of the step' },
);
export const UsageBody = Type.Object(
  {
    pool: Type.String(),
    stepSeconds: Type.Integer(),
    steps: Type.Array(
      Type.Object({
        at: Type.String({ format: 'date-time', description: 'When the step begins' }),
        ipv4: Type.Optional(Level),
        ipv6: Type.Optional(Level),
      }),
    ),
  },
  { title: 'UsageHistory' },
);
