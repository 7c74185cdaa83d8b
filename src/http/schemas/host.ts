// Hosts as the API shows and takes them.

import type { Static } from 'typebox';
import type { WantedHost } from '../../control/hosts/host-wanted.ts';
import { atField, refuseField } from '../../errors.ts';
import { parseAddress, reverseName } from '../../model/address.ts';
import { type Host, isPtrTarget, parseHostName } from '../../model/host.ts';
import { Type } from '../../model/json-schema.ts';
import { checkTags } from '../../model/pool.ts';
import {
  AddressText,
  FamilyText,
  LabelText,
  NameText,
  Owner,
  optional,
  patchOf,
  refuseDoubles,
  strict,
  Tags,
  TagsPatch,
  Ttl,
} from './common.ts';

const settings = {
  pool: LabelText,
  families: Type.Array(FamilyText, {
    minItems: 1,
    maxItems: 2,
    uniqueItems: true,
    description: 'One address of each; default: what the host has, else IPv4, or IPv6 where no pool gives IPv4',
  }),
  addresses: Type.Array(AddressText, {
    minItems: 1,
    maxItems: 16,
    description: 'These addresses; default: the next free of the pool',
  }),
  aliases: Type.Array(NameText, { maxItems: 32, description: 'Names that get a CNAME to the host' }),
  ttl: Type.Union([Ttl, Type.Null()], { description: "Seconds; null: the zone's default" }),
  ptr: Type.Boolean({ description: 'Write the reverse records too; default: true, but for wildcards' }),
  owner: Owner,
  tags: Tags,
};

export const NewHost = strict({ name: NameText, ...optional(settings).properties });
export const PutHost = strict({ name: Type.Optional(NameText), ...optional(settings).properties });
export const PatchHost = patchOf({ name: NameText, ...settings, tags: TagsPatch });

export const HostBody = Type.Object({
  name: NameText,
  zone: NameText,
  addresses: Type.Array(
    Type.Object({
      address: AddressText,
      pool: Type.Union([LabelText, Type.Null()]),
      ptr: Type.Union([NameText, Type.Null()], {
        description: 'null: it has none, or lost it with a reverse zone; `"ptr": true` brings it back',
      }),
    }),
  ),
  aliases: Type.Array(NameText),
  ttl: Type.Union([Ttl, Type.Null()]),
  ptr: Type.Boolean(),
  owner: Owner,
  tags: Tags,
  createdAt: Type.String({ format: 'date-time' }),
  revision: Type.Integer({ description: 'The store revision that wrote the host' }),
});

/** What the API takes, its fields not parsed yet. */
export type HostInput = Partial<Omit<Static<typeof NewHost>, 'name'>> & { name?: string };

/** Refuses what cannot be a host, pointing at the field. */
export function wantedHostFrom({
  name,
  pool,
  families,
  addresses,
  aliases = [],
  ttl = null,
  ptr,
  owner = '',
  tags = {},
}: HostInput): WantedHost {
  atField('/tags', () => checkTags(tags));
  if (name === undefined) refuseField('invalid_request', '/name', 'a host needs a name');
  const parsed = {
    name: atField('/name', () => parseHostName(name)),
    aliases: aliases.map((alias, index) => atField(`/aliases/${index}`, () => parseHostName(alias))),
    addresses: addresses?.map((text, index) => atField(`/addresses/${index}`, () => parseAddress(text))),
  };
  const mayHavePtr = isPtrTarget(parsed.name);
  if (!mayHavePtr && ptr === true) refuseField('invalid_request', '/ptr', 'a wildcard is no name for a reverse record');
  refuseDoubles('/aliases', parsed.aliases);
  refuseDoubles('/addresses', parsed.addresses ?? []);
  return {
    name: parsed.name,
    aliases: parsed.aliases,
    ttl,
    ptr: ptr ?? mayHavePtr,
    everyPtr: ptr === true,
    owner,
    tags,
    ...(pool !== undefined && { pool }),
    ...(families !== undefined && { families }),
    ...(parsed.addresses !== undefined && { addresses: parsed.addresses }),
  };
}

/** What a merge patch is applied to. Addresses and their PTRs are kept as they are unless the patch says otherwise. */
export function hostInputOf(host: Host): HostInput {
  const { name, aliases, ttl, ptr, owner, tags } = host;
  return { name, aliases, ttl, owner, tags, ...(!ptr && { ptr }) };
}

export function showHost(host: Host, revision: number): Static<typeof HostBody> {
  const { name, zone, aliases, ttl, ptr, owner, tags, createdAt } = host;
  const addresses = host.addresses.map(({ address, pool, ptr: own }) => ({
    address,
    pool,
    ptr: ptr && own !== false ? reverseName(address) : null,
  }));
  return { name, zone, addresses, aliases, ttl, ptr, owner, tags, createdAt, revision };
}
