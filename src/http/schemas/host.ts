// Hosts as the API takes and shows them: the shape of requests and answers.
// control/hosts/host-input.ts parses the fields.

import type { Static, TSchema } from 'typebox';
import type { HostWarning } from '../../control/hosts/host-wanted.ts';
import type { SeenHost } from '../../control/reading/with-pools.ts';
import { maxHostAddresses, ptrOwner, sharingOf } from '../../model/host.ts';
import { unicodeNameOf } from '../../model/international-name.ts';
import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import {
  AddressText,
  FamilyText,
  LabelText,
  NameText,
  nullable,
  Owner,
  optional,
  patchOf,
  readOnly,
  strict,
  Tags,
  TagsPatch,
  Ttl,
} from './common.ts';
import { AddressWarning, Ports, SharingKey } from './pool.ts';
import { Problem } from './problem.ts';
import { showUnicodeName, UnicodeName } from './unicode-name.ts';
import { RrsetWarning, showWarning } from './zone.ts';

const addressesDescription = 'The addresses of the host; default: the next free ones of the pool';
/** How a host has an address. In answers, fields that are not set are absent. */
const sharing = {
  shared: Type.Optional(
    Type.Boolean({ description: 'The address is shared with other hosts: all of them must say so' }),
  ),
  sharingKey: Type.Optional(SharingKey),
  ports: Type.Optional(Ports),
  ptrFor: Type.Optional(
    Type.Boolean({
      description: 'The PTR of a shared address belongs to this host; without it, to the host that came first',
    }),
  ),
};
const settings = {
  pool: LabelText,
  families: Type.Array(FamilyText, {
    minItems: 1,
    maxItems: 2,
    uniqueItems: true,
    description:
      'One address of each family; default: the families that the host has; for a new host IPv4, or IPv6 if no pool has IPv4',
  }),
  prefer: Type.Boolean({
    description:
      'The host gets those of the `families` that are to be had, and at least one address; a warning names the others',
  }),
  addresses: Type.Array(Type.Union([AddressText, strict({ address: AddressText, ...sharing }, 'NewHostAddress')]), {
    minItems: 1,
    maxItems: maxHostAddresses,
    description: addressesDescription,
  }),
  aliases: Type.Array(NameText, {
    format: 'distinct',
    maxItems: 32,
    description: 'Names that get a CNAME to the host',
  }),
  ttl: nullable(Ttl, {
    description: 'Seconds; null: each record follows the `defaultTtl` of its zone',
  }),
  ptr: Type.Boolean({ description: 'Write the reverse records too; default: true, but for wildcards' }),
  owner: Owner,
  tags: Tags,
};

const Adopt = Type.Boolean({
  description:
    'Takes over existing records at the names of the host: the host gets the addresses of the A and AAAA records, and their ' +
    'TTL, and a PTR or CNAME that points to the host becomes its own',
});
export const NewHost = strict(
  { name: NameText, ...optional(settings).properties, adopt: Type.Optional(Adopt) },
  'NewHost',
);
const Ptr = nullable(NameText, {
  description:
    'The name of the PTR: the reverse name, or where a CNAME of a classless reverse zone (RFC 2317) leads. null: the address has no PTR, its pool has `"reverse": false`, or it lost the PTR with its reverse zone; then ' +
    'PATCH `"ptr": true` writes it again',
});
const HostAddress = Type.Object(
  { address: AddressText, pool: nullable(LabelText), ptr: Ptr, ...sharing },
  { title: 'HostAddress' },
);
const UnicodeAliases = Type.Array(Type.String(), {
  description: 'The aliases in Unicode, in the same order, if one of them differs',
});
const CreatedAt = Type.String({ format: 'date-time' });
const Revision = Type.Integer({ description: 'The store revision that wrote the host' });

/** Fields of answers that no request can change. */
const shownOnly = {
  unicodeName: readOnly(UnicodeName),
  zone: readOnly(NameText),
  unicodeAliases: readOnly(UnicodeAliases),
  createdAt: readOnly(CreatedAt),
  revision: readOnly(Revision),
};
/** The settings of a host, for changes. The addresses may have the form of an answer. */
const changeable = {
  ...settings,
  addresses: Type.Array(
    Type.Union([
      AddressText,
      strict(
        { address: AddressText, pool: readOnly(nullable(LabelText)), ptr: readOnly(Ptr), ...sharing },
        'HostAddressInput',
      ),
    ]),
    { minItems: 1, maxItems: maxHostAddresses, description: addressesDescription },
  ),
};
export const PutHost = strict(
  { name: Type.Optional(NameText), ...optional(changeable).properties, ...shownOnly },
  'HostSettings',
);
export const PatchHost = patchOf({ ...changeable, tags: TagsPatch, ...shownOnly }, 'HostPatch', { name: NameText });

export const HostBody = Type.Object(
  {
    name: NameText,
    unicodeName: UnicodeName,
    zone: NameText,
    addresses: Type.Array(HostAddress),
    aliases: Type.Array(NameText),
    unicodeAliases: Type.Optional(UnicodeAliases),
    ttl: settings.ttl,
    ptr: Type.Boolean(),
    owner: Owner,
    tags: Tags,
    createdAt: CreatedAt,
    revision: Revision,
  },
  { title: 'Host' },
);

const FamilyWarning = Type.Object(
  { family: FamilyText, message: Type.String({ description: 'Why there is no address of the family' }) },
  { title: 'FamilyWarning' },
);
const HostWarnings = Type.Optional(
  Type.Array(Type.Union([AddressWarning, FamilyWarning, RrsetWarning]), {
    description:
      'Addresses that were asked for and given, although A or AAAA records name them; addresses that get no PTR, or ' +
      'whose PTR takes a reverse zone from a forwarder; families that were ' +
      'preferred and are not to be had; records that may be a mistake, ' +
      'such as a CNAME that is left pointing at the old name of the host; absent if there are no warnings',
  }),
);
export const WrittenHost = Type.Object({ ...HostBody.properties, warnings: HostWarnings }, { title: 'WrittenHost' });

/** Returns a host as answers show it. */
export function showHost(host: SeenHost, revision: number, warnings: HostWarning[] = []): Static<typeof WrittenHost> {
  const { name, zone, aliases, ttl, ptr, owner, tags, createdAt } = host;
  const addresses = host.addresses.map((one) => ({
    address: one.address,
    pool: one.pool,
    ptr: ptrOwner(host, one) ?? null,
    ...sharingOf(one),
  }));
  return {
    name,
    ...showUnicodeName(name),
    zone,
    addresses,
    aliases,
    ...showUnicodeAliases(aliases),
    ttl,
    ptr,
    owner,
    tags,
    createdAt,
    revision,
    ...(warnings.length > 0 && {
      warnings: warnings.map((one) => ('address' in one || 'family' in one ? one : showWarning(undefined, one))),
    }),
  };
}

function showUnicodeAliases(aliases: readonly Fqdn[]): { unicodeAliases?: string[] } {
  const names = aliases.map(unicodeNameOf);
  if (names.every((name) => name === undefined)) return {};
  return { unicodeAliases: aliases.map((alias, index) => names[index] ?? alias) };
}

export const HostSwap = strict(
  {
    with: NameText,
    families: Type.Optional({
      ...settings.families,
      description: 'Only addresses of these families are exchanged; default: all',
    }),
  },
  'HostSwap',
);
export const SwappedHosts = Type.Object({ items: Type.Array(WrittenHost) }, { title: 'SwappedHosts' });

/** The limit for hosts in one request. */
export const maxBatch = 1000;

const hostsOf = <T extends TSchema>(item: T) => Type.Array(item, { minItems: 1, maxItems: maxBatch });
const batchOf = <T extends TSchema>(item: T, title?: string) =>
  strict(
    {
      hosts: hostsOf(item),
      atomic: Type.Optional(
        Type.Boolean({ default: false, description: 'All hosts are created in one transaction, or none' }),
      ),
    },
    title,
  );
export const NewHosts = batchOf(NewHost, 'NewHosts');
/** {@link NewHosts} without the schema of its hosts, for a batch whose hosts are checked one by one. */
export const LooseHosts = batchOf(Type.Unsafe<unknown>({}));

export const HostResults = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          index: Type.Integer({ description: 'The position of the host in the request' }),
          status: Type.Integer({ description: 'The HTTP status that a request for this host alone would get' }),
          host: Type.Optional(WrittenHost),
          problem: Type.Optional(Problem),
        },
        { title: 'HostResult', description: '`host` if the host was created, else `problem`' },
      ),
      { description: 'In the order of the request' },
    ),
    created: Type.Integer({ description: 'The number of hosts that were created' }),
    failed: Type.Integer({ description: 'The number of hosts that were refused' }),
  },
  { title: 'HostResults' },
);
