// The keys of other programs in the SkyDNS layout of a zone, as the API shows them.

import type { Static } from 'typebox';
import type { Ownership } from '../../control/skydns/ownership.ts';
import type { TakenOver } from '../../control/skydns/take-over.ts';
import { Type } from '../../model/json-schema.ts';
import type { StubZone } from '../../model/skydns/stub-zone.ts';
import { NameText } from './common.ts';

const Orphan = Type.Object(
  {
    name: NameText,
    key: Type.String({ description: 'The key in etcd' }),
    text: Type.String(),
    of: Type.Object({ name: NameText, type: Type.String() }, { title: 'OwnedRecord' }),
  },
  {
    title: 'SkydnsOrphan',
    description: 'A TXT by which external-dns marks a record as its own. The record no longer exists',
  },
);
const Stub = Type.Object(
  { domain: NameText, host: Type.String(), port: Type.Integer(), key: Type.String() },
  { title: 'StubZone' },
);

export const SkydnsBody = Type.Object(
  {
    orphans: Type.Array(Orphan),
    stubZones: Type.Array(Stub, {
      description:
        'Domains that SkyDNS forwarded. This service forwards them if `stubZones` of the zone is true; CoreDNS never does',
    }),
  },
  { title: 'Skydns' },
);
const Left = Type.Object({ name: NameText, reason: Type.String() }, { title: 'LeftName' });

export const Adopted = Type.Object(
  {
    adopted: Type.Integer({ description: 'RRsets that became records of the zone' }),
    dropped: Type.Integer({ description: 'Ownership records of external-dns that were deleted' }),
    left: Type.Array(Left, { description: 'Names that stay as they are' }),
  },
  { title: 'Adopted' },
);
export const Swept = Type.Object(
  { deleted: Type.Integer(), left: Type.Array(Left, { description: 'Names that stay as they are' }) },
  { title: 'Swept' },
);

export function showSkydns(orphans: readonly Ownership[], stubZones: readonly StubZone[]): Static<typeof SkydnsBody> {
  return {
    orphans: orphans.flatMap(({ owner: name, key, text, of }) =>
      of === undefined ? [] : [{ name, key, text, of: { name: of.owner, type: of.type } }],
    ),
    stubZones: [...stubZones],
  };
}

export function showLeft({ left }: TakenOver): Static<typeof Left>[] {
  return left.map(({ what, reason }) => ({ name: what, reason }));
}
