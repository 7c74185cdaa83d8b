// Zones and RRsets as the API takes and shows them: the shape of requests and answers. control/zones/
// parses the fields.

import type { Static } from 'typebox';
import type { Warning } from '../../control/transaction/name-edits.ts';
import type { ZonePut } from '../../control/zones/put-zone.ts';
import { maxAddressNameRanges } from '../../model/address-names.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, formatRelativeName, isWithin } from '../../model/name.ts';
import { maxRdataText } from '../../model/rdata/rdata.ts';
import { shownSerial, type Serial as ZoneSerial } from '../../model/revision.ts';
import { managerOf, type Rrset } from '../../model/rrset.ts';
import type { SkydnsState } from '../../model/skydns/state.ts';
import { soaDefaults, type Zone } from '../../model/zone.ts';
import { AllowFrom, NameText, optional, patchOf, readOnly, strict, Ttl } from './common.ts';
import { noLayout, SkydnsProgress, showSkydnsProgress } from './skydns-progress.ts';
import { showUnicodeName, UnicodeName } from './unicode-name.ts';

const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });
const soaFields = {
  ttl: { ...Ttl, description: 'Seconds; absent: the current `defaultTtl` of the zone' },
  mname: NameText,
  rname: Type.String({
    format: 'mailbox',
    minLength: 1,
    maxLength: 1024,
    description:
      'Mailbox of the responsible person, as a name (`hostmaster.foowidgets.k8s`) or as an address (`hostmaster@foowidgets.k8s`)',
  }),
  refreshSeconds: Seconds,
  retrySeconds: Seconds,
  expireSeconds: Seconds,
  negativeTtlSeconds: { ...Ttl, description: 'How long resolvers may remember that a name does not exist' },
};

const ranges = Type.Array(
  Type.String({ minLength: 1, maxLength: 100, format: 'address-range', examples: ['10.0.0.0/8'] }),
  {
    minItems: 1,
    maxItems: maxAddressNameRanges,
    format: 'distinct',
    description: 'The addresses that such names can have',
  },
);
const addressNameForms = {
  dashed: Type.Boolean({ description: '`app-10-1-2-3`, and `2001-db8--1` with `ipv6`. Default: true' }),
  dotted: Type.Boolean({ description: '`app.10.1.2.3`. Default: true' }),
  hex: Type.Boolean({ description: '`app-0a010203`, and 32 digits with `ipv6`. Default: false' }),
  ipv6: Type.Boolean({ description: 'Default: true' }),
};
const addressNames = {
  description:
    'A name of the zone that contains an address has that address: `app-10-1-2-3` has 10.1.2.3, and so has every name below it. A delegation, an alias, or an A or AAAA record of the name itself comes first',
  ...strict({ ranges, ...optional(addressNameForms).properties }, 'AddressNames'),
  format: 'address-names',
};

const settings = {
  defaultTtl: {
    ...Ttl,
    description: 'Seconds; for hosts without a TTL, and for records when they are written without one',
  },
  nameservers: Type.Array(NameText, {
    format: 'distinct',
    maxItems: 13,
    description: 'NS at the apex; empty: the replicas are the nameservers',
  }),
  soa: strict(optional(soaFields).properties, 'SoaSettings'),
  skydns: Type.Boolean({
    description:
      'Keep the records also in the SkyDNS layout, from which CoreDNS answers, and serve the values that other programs write there. Needs the store etcd',
  }),
  stubZones: Type.Boolean({
    description:
      'Forward the stub zones that other programs wrote into the SkyDNS layout of this zone. Needs `skydns`. Only an admin without a scope can set it. Default: false',
  }),
  stubZonesAllowFrom: {
    ...AllowFrom,
    description:
      'The clients that may ask the stub zones. Only an admin without a scope can set it. Default: this machine',
  },
  addressNames,
};

export const NewZone = strict({ name: NameText, ...optional(settings).properties }, 'NewZone');
const Automatic = Type.Boolean({
  description: 'A reverse zone that was created for its first address and is deleted with its last',
});
const Serial = Type.Integer({
  description:
    "The SOA's serial: the store revision of the zone's last change, modulo 2^32. In a request it has no effect",
});
const shownOnly = {
  unicodeName: readOnly(UnicodeName),
  automatic: readOnly(Automatic),
  serial: readOnly(Serial),
  skydnsProgress: readOnly(Type.Object({}, { description: 'In a request it has no effect' })),
};

export const PutZone = strict(
  { name: Type.Optional(NameText), ...optional(settings).properties, ...shownOnly },
  'ZoneSettings',
);
const patchedSettings = {
  ...settings,
  soa: patchOf(soaFields, 'SoaPatch'),
  addressNames: patchOf(addressNameForms, 'AddressNamesPatch', { ranges }),
};
export const PatchZone = patchOf({ ...patchedSettings, ...shownOnly }, 'ZonePatch', {
  name: NameText,
});

export const ZoneBody = Type.Object(
  {
    name: NameText,
    unicodeName: UnicodeName,
    ...settings,
    stubZones: Type.Optional(settings.stubZones),
    stubZonesAllowFrom: Type.Optional(settings.stubZonesAllowFrom),
    addressNames: Type.Optional(addressNames),
    soa: Type.Object({ ...optional(soaFields).properties }, { title: 'Soa' }),
    automatic: Automatic,
    serial: Serial,
    skydnsProgress: Type.Optional(SkydnsProgress),
  },
  { title: 'Zone' },
);

/** Returns a zone as answers show it. `state`: the progress of its SkyDNS layout. */
export function showZone(
  zone: Zone,
  serial: ZoneSerial,
  state?: SkydnsState | typeof noLayout,
): Static<typeof ZoneBody> {
  const { name, defaultTtl, nameservers, skydns, stubZones, stubZonesAllowFrom, addressNames, automatic } = zone;
  return {
    name,
    ...showUnicodeName(name),
    defaultTtl,
    nameservers,
    soa: { ...soaDefaults, ...zone.soa },
    skydns,
    ...(stubZones && { stubZones }),
    ...(stubZonesAllowFrom !== undefined && { stubZonesAllowFrom }),
    ...(addressNames !== undefined && { addressNames }),
    automatic,
    serial: shownSerial(serial),
    ...(skydns || (state !== undefined && state !== noLayout)
      ? { skydnsProgress: showSkydnsProgress(zone, state) }
      : {}),
  };
}

const RecordText = Type.String({
  minLength: 1,
  maxLength: maxRdataText,
  examples: ['10 60 5060 sip.foowidgets.k8s.'],
});
const TypeText = Type.String({ pattern: '^[A-Za-z0-9]{1,20}$', format: 'record-type', examples: ['SRV'] });
const presentation = 'Presentation form (RFC 1035 §5.1), or `\\# length hex` (RFC 3597)';
const PlainText = strict(
  {
    text: Type.String({
      maxLength: 65_535,
      description: 'The text of a TXT or SPF record, of any length: it is put in quotes, escaped and split',
      examples: ['v=spf1 mx -all'],
    }),
  },
  'PlainText',
);
const RecordInput = Type.Union([RecordText, PlainText]);
/** More than an RRset can have, because all its records must fit into one DNS message. */
const maxRecords = 5000;
const rrset = {
  name: Type.String({
    minLength: 1,
    maxLength: 1024,
    format: 'relative-name',
    description: 'Relative to the zone; `@` is the apex',
    examples: ['_sip._tcp'],
  }),
  type: TypeText,
  ttl: Ttl,
  records: Type.Array(RecordText, {
    maxItems: maxRecords,
    description: presentation,
  }),
};

const ManagedBy = Type.String({
  description:
    '`host:<name>`, `zone` for an RRset that comes from the settings of the zone, or `skydns` for one that another program wrote into the SkyDNS layout',
});

export const PutRrset = strict(
  {
    name: Type.Optional(rrset.name),
    type: Type.Optional(TypeText),
    ttl: Type.Optional(Ttl),
    records: Type.Array(RecordInput, { minItems: 1, maxItems: maxRecords, description: presentation }),
    unicodeName: readOnly(UnicodeName),
    managedBy: readOnly(ManagedBy),
  },
  'RRsetSettings',
);
export const PatchRrsets = Type.Array(
  strict(
    {
      name: rrset.name,
      type: TypeText,
      ttl: Type.Optional(Ttl),
      records: Type.Array(RecordInput, { maxItems: maxRecords, description: presentation }),
      unicodeName: readOnly(UnicodeName),
      managedBy: readOnly(ManagedBy),
    },
    'RRsetChange',
  ),
  { title: 'RRsetChanges', minItems: 1, maxItems: 100, description: 'A change with empty `records` deletes the RRset' },
);
export const RrsetBody = Type.Object(
  {
    ...rrset,
    unicodeName: UnicodeName,
    managedBy: Type.Optional(ManagedBy),
  },
  { title: 'RRset' },
);

export const RrsetWarning = Type.Object(
  { name: rrset.name, type: TypeText, message: Type.String() },
  { title: 'RRsetWarning' },
);
const Warnings = Type.Optional(
  Type.Array(RrsetWarning, {
    description:
      'Data that was written but may be a mistake, such as records that a delegation hides; absent if there are no warnings',
  }),
);
export const WrittenRrset = Type.Object({ ...RrsetBody.properties, warnings: Warnings }, { title: 'WrittenRRset' });
export const WrittenRrsets = Type.Object(
  { items: Type.Array(RrsetBody), warnings: Warnings },
  { title: 'WrittenRRsets' },
);

/** The answer to a deletion with warnings. */
export const DeletedWithWarnings = Type.Object(
  {
    warnings: Type.Array(RrsetWarning, {
      description: 'CNAME records that are left pointing at a name without addresses',
    }),
  },
  { title: 'Deleted' },
);

const ZoneWarnings = Type.Optional(
  Type.Array(
    Type.Object({ zone: NameText, name: rrset.name, type: TypeText, message: Type.String() }, { title: 'ZoneWarning' }),
    {
      description:
        'Records of the enclosing zone that the new zone hides, the first 100; absent if there are no warnings',
    },
  ),
);
export const WrittenZone = Type.Object({ ...ZoneBody.properties, warnings: ZoneWarnings }, { title: 'WrittenZone' });

/** Returns the warnings of a zone as answers show them. */
export function showZoneWarnings(warnings: ZonePut['warnings']): { warnings?: Static<typeof ZoneWarnings> } {
  if (warnings.length === 0) return {};
  return { warnings: warnings.map((warning) => ({ zone: warning.zone, ...showWarning(warning.zone, warning) })) };
}

/** Returns the warnings of RRsets as answers show them. */
export function showWarnings(
  zone: Fqdn | undefined,
  warnings: readonly Warning[],
): { warnings?: Static<typeof RrsetWarning>[] } {
  if (warnings.length === 0) return {};
  return { warnings: warnings.map((warning) => showWarning(zone, warning)) };
}

/**
 * Returns a warning as answers show it. Its name is relative to the zone; a name outside the zone is absolute and ends
 * in a dot. Without a zone, the name is absolute and has no dot.
 */
export function showWarning(zone: Fqdn | undefined, { owner, types, message }: Warning): Static<typeof RrsetWarning> {
  const name = zone === undefined ? owner : isWithin(owner, zone) ? formatRelativeName(owner, zone) : `${owner}.`;
  return { name, type: types[0] ?? 'ANY', message };
}

/** Returns an RRset as answers show it. */
export function showRrset(zone: Fqdn, owner: Fqdn, { type, ttl, records, manager }: Rrset): Static<typeof RrsetBody> {
  const managedBy = managerOf(owner, { type, ttl, records, ...(manager && { manager }) });
  const name = formatRelativeName(owner, zone);
  return {
    name,
    ...showUnicodeName(name),
    type,
    ttl,
    records,
    ...(managedBy !== undefined && { managedBy }),
  };
}
