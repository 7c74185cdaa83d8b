// The schemas of forwarding: zones that resolvers forward, and the targets to which they forward them.

import { verdicts } from '../../forwarding/live/verify-resolver.ts';
import { Type } from '../../model/json-schema.ts';
import { AddressText, nullable, oneOf } from './common.ts';

const TargetBody = Type.Object(
  {
    address: AddressText,
    port: Type.Integer(),
    replica: Type.String({ description: 'The replica that advertises the address' }),
    healthy: Type.Boolean({ description: 'True: the target, asked at most a second ago, has answered' }),
    revisionLag: nullable(Type.Integer({ minimum: 0 }), {
      description:
        "The number of revisions by which the target's copy of the zone is older than that of the replica that you ask; null if the target is not healthy",
    }),
  },
  { title: 'ForwardingTarget' },
);

export const ForwardingBody = Type.Object(
  {
    zone: Type.String(),
    reverseZones: Type.Array(Type.String(), {
      description: 'Reverse zones that resolvers should forward as well, so that the addresses resolve to names',
    }),
    targets: Type.Array(TargetBody, { description: 'In the order of their addresses' }),
    verification: Type.Optional(
      Type.Object(
        {
          resolver: Type.String(),
          verdict: oneOf(verdicts),
          detail: Type.String({ description: 'The finding, and what to do' }),
        },
        { title: 'ForwardingVerification', description: 'Only with `verify`' },
      ),
    ),
  },
  { title: 'Forwarding' },
);
