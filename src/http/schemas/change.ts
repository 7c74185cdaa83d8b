// The events of /v1/watch: their fields, and the JSON in their data. watch/event-text.ts writes the events. The
// description of the API has these schemas, and tests check each event with them. Nothing else uses them. OpenAPI 3.1
// cannot describe the items of a stream: so the media type has the schema of one event, as client generators expect.

import type { TSchema } from 'typebox';
import { type AuditedResource, auditedActions, auditedResources } from '../../model/audit-event.ts';
import { Type } from '../../model/json-schema.ts';
import { endReasons } from '../watch/end-reasons.ts';
import { NameText, oneOf } from './common.ts';
import { ForwarderBody } from './forwarder.ts';
import { HostBody } from './host.ts';
import { AllocationBody, PoolBody } from './pool.ts';
import { ResolverBody } from './resolver.ts';
import { TokenBody } from './token.ts';
import { RrsetBody, ZoneBody } from './zone.ts';

const { usage: _usage, ...pool } = PoolBody.properties;
const { serial: _serial, ...zone } = ZoneBody.properties;
const { upstreams: _upstreams, cache: _cache, ...forwarder } = ForwarderBody.properties;

const actions = auditedActions.filter((action) => action !== 'imported');

/** By the resource: the title of the change's schema, and the schemas of its `name` and `after`. */
const changes: Record<AuditedResource, [title: string, name: TSchema, after: TSchema]> = {
  host: ['ChangedHost', NameText, HostBody],
  pool: [
    'ChangedPool',
    Type.String({ description: 'The name after the change' }),
    Type.Object(pool, { title: 'PoolWithoutUsage' }),
  ],
  zone: ['ChangedZone', NameText, Type.Object(zone, { title: 'ZoneWithoutSerial' })],
  rrset: ['ChangedRRset', Type.String({ description: 'The owner name and the type' }), RrsetBody],
  allocation: ['ChangedAllocation', Type.String({ description: 'The address' }), AllocationBody],
  token: ['ChangedToken', Type.String({ description: 'The id' }), TokenBody],
  resolver: ['ChangedResolver', Type.String(), ResolverBody],
  forwarder: ['ChangedForwarder', NameText, Type.Object(forwarder, { title: 'ForwarderWithoutStatus' })],
};

const Change = Type.Union(
  auditedResources.map((resource) => {
    const [title, name, after] = changes[resource];
    const zoneActions = { description: '`imported`: a zone file has replaced the records of the zone' };
    const fields = {
      resource: Type.Literal(resource),
      action: resource === 'zone' ? oneOf(auditedActions, zoneActions) : oneOf(actions),
      ...(resource === 'pool' && { id: PoolBody.properties.id }),
      name,
      path: Type.String({ pattern: '^/v1/', description: 'Where the resource is read' }),
      after: Type.Union([after, Type.Null()], { description: 'Null: deleted, or not in the scope of the token' }),
    };
    return Type.Object(fields, { title });
  }),
);

const Revision = Type.Integer({ minimum: 0 });
const StartData = Type.Object({ revision: Revision }, { title: 'StreamStartData' });
const MessageData = Type.Object(
  {
    revision: Revision,
    changes: Type.Array(Change, {
      minItems: 1,
      description: 'The changes of this revision that match the filters of the stream, and that the token may see',
    }),
  },
  { title: 'StreamMessageData' },
);
const EndData = Type.Object(
  { reason: oneOf(Object.keys(endReasons) as (keyof typeof endReasons)[]), detail: Type.String() },
  { title: 'StreamEndData' },
);

const Id = Type.String({
  pattern: '^[0-9]*$',
  description: 'For the header `Last-Event-ID`. Empty: begin again without this header',
});
const json = (data: TSchema, description: string) =>
  Type.String({ contentMediaType: 'application/json', contentSchema: data, description });

/** One event, as a client parses it (HTML Standard §9.2.6): an event without a name is a `message`. */
export const StreamEvent = Type.Union([
  Type.Object(
    {
      event: Type.Literal('start'),
      id: Id,
      retry: Type.Integer({ description: 'Milliseconds after which to connect again' }),
      data: json(StartData, 'The revision after which the stream tells of changes'),
    },
    { title: 'StreamStart', description: 'The first event' },
  ),
  Type.Object(
    { event: Type.Literal('message'), id: Id, data: json(MessageData, 'The changes of one revision') },
    { title: 'StreamMessage', description: 'Has no line `event`: that is the default' },
  ),
  Type.Object(
    {
      event: Type.Literal('end'),
      id: Type.Optional(Id),
      data: json(EndData, 'Why the stream ends'),
    },
    { title: 'StreamEnd', description: 'The last event' },
  ),
]);
