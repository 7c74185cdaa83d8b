// Parses requests about hosts: the fields of a request in, checked and branded values out. A refusal names the path of
// the field.

import { atField, refuseField } from '../../errors.ts';
import { type Family, parseAddress } from '../../model/address.ts';
import { type Host, isPtrTarget, parseHostName } from '../../model/host.ts';
import { parseName } from '../../model/name.ts';
import { checkTags, type Tags } from '../../model/pool.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { parseList, refuseDuplicates } from '../input/parse-list.ts';
import type { WantedHost } from './host-wanted.ts';

/** A host as people write it. All fields but the name have a default. */
export interface HostInput {
  name?: string;
  pool?: string;
  families?: Family[];
  addresses?: string[];
  aliases?: string[];
  /** Seconds; null: the zone's default. */
  ttl?: number | null;
  ptr?: boolean;
  owner?: string;
  tags?: Tags;
}

/** Returns the host that the input asks for. Refuses with `invalid_request`. */
export function parseHostInput(input: HostInput): WantedHost {
  const { name: nameText, pool, families, ttl = null, ptr, owner = '', tags = {} } = input;
  atField('/tags', () => checkTags(tags));
  if (nameText === undefined) refuseField('invalid_request', '/name', 'a host needs a name');
  const name = atField('/name', () => parseHostName(nameText));
  const aliases = parseList('/aliases', input.aliases ?? [], parseHostName);
  const addresses = input.addresses && parseList('/addresses', input.addresses, parseAddress);
  const mayHavePtr = isPtrTarget(name);
  if (!mayHavePtr && ptr === true)
    refuseField('invalid_request', '/ptr', 'a wildcard cannot be the target of a PTR record');
  refuseDuplicates('/aliases', aliases);
  refuseDuplicates('/addresses', addresses ?? []);
  return {
    name,
    aliases,
    ttl,
    ptr: ptr ?? mayHavePtr,
    everyPtr: ptr === true,
    owner,
    tags,
    ...(pool !== undefined && { pool }),
    ...(families !== undefined && { families }),
    ...(addresses !== undefined && { addresses }),
  };
}

/**
 * Returns the host that `current` becomes with the merge patch. The host keeps its addresses unless the patch has
 * `addresses`, `pool` or `families`. A PTR that was deleted with its zone comes back only if the patch has `ptr: true`.
 * Refuses with `invalid_request`.
 */
export function parseHostPatch(current: Host, patch: object): WantedHost {
  const { name, aliases, ttl, ptr, owner, tags } = current;
  const input: HostInput = { name, aliases, ttl, owner, tags, ...(!ptr && { ptr }) };
  return parseHostInput(mergePatch(input, patch));
}

/** A filter for a list of hosts, as people write it. A host must match all fields that are present. */
interface HostFilterInput {
  /** The host's name, or one of its aliases. */
  name?: string;
  address?: string;
  pool?: string;
  owner?: string;
  /** `key` or `key=value`. */
  tag?: string;
}

/**
 * Returns a function that returns whether a host matches the filter. Refuses with `invalid_request` a name or an
 * address that cannot be read. The path is `?name` or `?address`.
 */
export function parseHostFilter(input: HostFilterInput): (host: Host) => boolean {
  const { name: nameText, address: addressText, pool, owner, tag } = input;
  const name = nameText === undefined ? undefined : atField('?name', () => parseName(nameText));
  const address = addressText === undefined ? undefined : atField('?address', () => parseAddress(addressText));
  const [tagKey = '', tagValue] = tag?.split(/=(.*)/s) ?? [];
  return (host) =>
    (name === undefined || host.name === name || host.aliases.includes(name)) &&
    (address === undefined || host.addresses.some((one) => one.address === address)) &&
    (pool === undefined || host.addresses.some((one) => one.pool === pool)) &&
    (owner === undefined || host.owner === owner) &&
    (tag === undefined ||
      (Object.hasOwn(host.tags, tagKey) && (tagValue === undefined || host.tags[tagKey] === tagValue)));
}
