// Parses requests about hosts: checks the fields of a request and returns branded values. A refusal names the path of
// the field.

import { atField, refuseField } from '../../errors.ts';
import { type Address, addressNumber, type Family, parseAddress } from '../../model/address.ts';
import { parseFilterRange, rangeHolds } from '../../model/address-range.ts';
import type { HostSharing, Port } from '../../model/allocation.ts';
import { type Host, isPtrTarget, parseHostName, sharingOf } from '../../model/host.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { checkTags, type Tags } from '../../model/pool.ts';
import { isKnown, known, orUnknown } from '../../model/unknown.ts';
import type { Views } from '../../views/views.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { parseList } from '../input/parse-list.ts';
import { checkReadOnly, refuseReadOnly } from '../input/read-only.ts';
import { parseAll } from '../input/refusals.ts';
import { parseSearch } from '../input/search.ts';
import { parseTagFilter } from '../input/tag-filter.ts';
import type { WantedHost } from './host-wanted.ts';

/** An address of a host in the form in which answers show it. */
interface HostAddressInput {
  address: string;
  pool?: string | null;
  ptr?: string | null;
  shared?: boolean;
  sharingKey?: string;
  ports?: Port[];
  ptrFor?: boolean;
}

/** A host as people write it. All fields but the name have a default. */
export interface HostInput {
  name?: string;
  pool?: string;
  families?: Family[];
  /** True: those of the families that are to be had. */
  prefer?: boolean;
  addresses?: (string | HostAddressInput)[];
  aliases?: string[];
  /** Seconds; null: the zone's default. */
  ttl?: number | null;
  ptr?: boolean;
  owner?: string;
  tags?: Tags;
  /** Only for a new host: true makes it take over the records that users wrote at its names. */
  adopt?: boolean;
}

/**
 * Returns the host that the input asks for. `pathName` returns the name in the path, for an input without a name.
 * Refuses with `invalid_request` and all faults.
 */
export function parseHostInput(input: HostInput, pathName?: () => Fqdn): WantedHost {
  const { name: nameText, pool, families, ttl = null, ptr, owner = '', tags = {} } = input;
  let ownName: Fqdn | undefined;
  const parseOwnName = () => {
    if (nameText !== undefined) ownName ??= atField('/name', () => parseHostName(nameText));
    return ownName ?? pathName?.() ?? refuseField('invalid_request', '/name', 'a host needs a name');
  };
  const [name, aliases, addresses, mayHavePtr] = parseAll(
    parseOwnName,
    () => parseList('/aliases', input.aliases ?? [], parseHostName),
    () => input.addresses && parseList('/addresses', input.addresses.map(addressIn), parseAddress),
    () => {
      const isTarget = isPtrTarget(parseOwnName());
      if (!isTarget && ptr === true)
        refuseField('invalid_request', '/ptr', 'a wildcard cannot be the target of a PTR record');
      return isTarget;
    },
    () => atField('/tags', () => checkTags(tags)),
    () => checkSharing(input),
    () => {
      if (input.prefer === true && families === undefined)
        refuseField(
          'invalid_request',
          '/prefer',
          'needs "families": those that the host shall have if they are to be had',
        );
    },
  );
  return {
    name,
    aliases,
    ttl,
    ptr: ptr ?? mayHavePtr,
    everyPtr: ptr === true,
    ...(input.adopt && { adopt: true, anyTtl: input.ttl === undefined }),
    owner,
    tags,
    ...(pool !== undefined && { pool }),
    ...(families !== undefined && { families }),
    ...(input.prefer !== undefined && { prefer: input.prefer }),
    ...(addresses !== undefined && {
      addresses,
      withoutPtr: orUnknown(() => addresses.filter((_, at) => lacksPtr(input, at))),
      sharing: orUnknown(() => new Map(addresses.flatMap((address, at) => sharingIn(input, address, at)))),
    }),
  };
}

/** Returns the host that a PUT asks for. `name` is the name in the path. Refuses with `invalid_request`. */
export function parseHostPut(name: string, input: HostInput): WantedHost {
  const pathName = () => atField(':name', () => parseHostName(name));
  const [inPath, wanted] = parseAll(pathName, () => parseHostInput(input, pathName));
  if (isKnown(wanted.name) && isKnown(inPath) && wanted.name !== inPath)
    refuseField('invalid_request', '/name', 'is not the name in the path: rename with PATCH');
  return { ...wanted, name: inPath };
}

function addressIn(one: string | HostAddressInput): string {
  return typeof one === 'string' ? one : orUnknown(() => one.address);
}

/** Returns whether the request says that this address has no PTR. */
function lacksPtr({ addresses = [] }: HostInput, index: number): boolean {
  const one = addresses[index];
  return typeof one === 'object' && one.ptr === null;
}

/** Returns how the host shall have an address, if the request says so. An address as a plain text says nothing. */
function sharingIn({ addresses = [] }: HostInput, address: Address, index: number): [Address, HostSharing][] {
  const one = addresses[index];
  if (typeof one !== 'object') return [];
  return [[address, sharingOf(one)]];
}

/** Refuses with `invalid_request` an address that is shared in two ways, or that has `ptrFor` without a PTR. */
function checkSharing({ addresses = [], ptr }: HostInput): void {
  const refusals = addresses.flatMap((one, index) => {
    if (typeof one !== 'object') return [];
    const at = `/addresses/${index}`;
    const refuse = (field: string, why: string) => refuseField('invalid_request', `${at}/${field}`, why);
    return [
      () => {
        if (one.shared === true && one.sharingKey !== undefined)
          refuse('sharingKey', 'is another way to share than "shared": give one of them');
      },
      () => {
        if (one.ptrFor === true && ptr === false) refuse('ptrFor', 'needs a host with "ptr"');
      },
    ];
  });
  parseAll(...refusals);
}

/** A host as answers show it. {@link checkShownHost} compares a request with it. */
interface ShownHost {
  [field: string]: unknown;
  addresses: readonly { address: string; pool: string | null; ptr: string | null }[];
}

/**
 * Refuses with `precondition_failed` a value that differs from the value in `shown` and that no request can change: a
 * read-only field, or the pool or PTR of an address. `shown`: the host as answers show it now; undefined if there is
 * none.
 */
export function checkShownHost(
  readOnly: Readonly<Record<string, unknown>>,
  { addresses }: HostInput,
  shown: ShownHost | undefined,
): void {
  parseAll(
    () => checkReadOnly(readOnly, shown),
    () => parseAll(...(addresses ?? []).map((one, index) => () => checkShownAddress(one, index, shown))),
  );
}

function checkShownAddress(one: string | HostAddressInput, index: number, shown: ShownHost | undefined): void {
  if (typeof one === 'string') return;
  const own = known(one.address);
  const stands = shown?.addresses.find(({ address }) => address === own);
  for (const field of ['pool', 'ptr'] as const) {
    if (one[field] === undefined || !isKnown(one[field]) || one[field] === stands?.[field]) continue;
    refuseReadOnly(`/addresses/${index}/${field}`, stands?.[field]);
  }
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

/** Refuses with `invalid_request` a merge patch that is faulty for every host. */
export function checkHostPatch(patch: object): void {
  parseHostInput(mergePatch({ name: 'any' }, patch));
}

/** A filter for a list of hosts, as people write it. A host must match all fields that are present. */
interface HostFilterInput {
  /** The host's name, or one of its aliases. */
  name?: string;
  /** A part of the host's name, or of one of its aliases. */
  search?: string;
  /** The zone of the host's name. */
  zone?: string;
  address?: string;
  /** A prefix or a range that has an address of the host. */
  within?: string;
  pool?: string;
  owner?: string;
  /** `key` or `key=value`. */
  tag?: string;
}

/** A parsed filter for a list of hosts. If `zone` is set, all hosts that match are in that zone. */
interface HostFilter {
  zone: Fqdn | undefined;
  matches: (host: Host) => boolean;
}

interface Seen {
  views: Pick<Views, 'pools'>;
}

/**
 * Returns the filter that the input asks for. Refuses with `invalid_request` a name, an address or a prefix that cannot
 * be read, with the path of the query parameter.
 */
export function parseHostFilter({ views }: Seen, input: HostFilterInput): HostFilter {
  const { name: nameText, address: addressText, zone: zoneText, within: withinText, pool, owner, tag } = input;
  const parsed = <T>(path: string, text: string | undefined, parse: (text: string) => T): T | undefined =>
    text === undefined ? undefined : atField(path, () => parse(text));
  const [name, address, zone, within] = parseAll(
    () => parsed('?name', nameText, parseName),
    () => parsed('?address', addressText, parseAddress),
    () => parsed('?zone', zoneText, parseName),
    () => parsed('?within', withinText, parseFilterRange),
  );
  const isWanted = parseSearch(input.search);
  const hasTag = parseTagFilter(tag);
  const poolId = pool === undefined ? undefined : (views.pools.find(pool)?.value.id ?? pool);
  const matches = (host: Host) =>
    (zone === undefined || host.zone === zone) &&
    (name === undefined || host.name === name || host.aliases.includes(name)) &&
    (isWanted(host.name) || host.aliases.some(isWanted)) &&
    (address === undefined || host.addresses.some((one) => one.address === address)) &&
    (within === undefined || host.addresses.some((one) => rangeHolds(within, addressNumber(one.address)))) &&
    (poolId === undefined || host.addresses.some((one) => views.pools.poolIdAt(one.space, one.address) === poolId)) &&
    (owner === undefined || host.owner === owner) &&
    hasTag(host.tags);
  return { zone, matches };
}
