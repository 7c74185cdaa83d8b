// The schemas of forwarding: targets, and the zones that resolvers shall forward to them.

import { verdicts } from '../../forwarding/live/verify-resolver.ts';
import { Type } from '../../model/json-schema.ts';
import { AddressText, nullable, oneOf } from './common.ts';

const TargetBody = Type.Object(
  {
    address: AddressText,
    port: Type.Integer(),
    replica: Type.String({ description: 'The replica that advertises the address' }),
    healthy: Type.Boolean({ description: 'True: it has just answered for the zone' }),
    revisionLag: nullable(Type.Integer({ minimum: 0 }), {
      description:
        'By how many revisions its copy of the zone is older than that of the replica that you ask; null if it is not healthy',
    }),
  },
  { title: 'ForwardingTarget' },
);

export const ForwardingBody = Type.Object(
  {
    zone: Type.String(),
    reverseZones: Type.Array(Type.String(), {
      description: 'Zones to forward with it, so that its addresses have names',
    }),
    targets: Type.Array(TargetBody, { description: 'In the order of their addresses' }),
    verification: Type.Optional(
      Type.Object(
        {
          resolver: Type.String(),
          verdict: oneOf(verdicts),
          detail: Type.String({ description: 'What was seen, and what to do' }),
        },
        { title: 'ForwardingVerification', description: 'Only with `verify`' },
      ),
    ),
  },
  { title: 'Forwarding' },
);
