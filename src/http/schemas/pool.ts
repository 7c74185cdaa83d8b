// Pools, allocations and addresses as the API takes and shows them: the shape of requests and answers.
// control/pools/ parses the fields.

import type { Static } from 'typebox';
import type { AddressWarning as AddressWarned } from '../../control/addresses/recorded-warnings.ts';
import { maxListed } from '../../control/pools/released.ts';
import { poolName, type SeenRecord } from '../../control/reading/with-pools.ts';
import { holderKinds, maxExpirySeconds } from '../../model/allocation.ts';
import { Type } from '../../model/json-schema.ts';
import { hasReverseNames, maxRanges, type Pool, strategies, strategyTraits } from '../../model/pool.ts';
import type { Views } from '../../views/views.ts';
import {
  AddressText,
  FamilyText,
  LabelText,
  NameText,
  nullable,
  Owner,
  oneOf,
  optional,
  patchOf,
  readOnly,
  strict,
  Tags,
  TagsPatch,
} from './common.ts';

const RangeText = Type.String({ maxLength: 100, format: 'address-range' });
const RangeTexts = Type.Array(RangeText, { maxItems: maxRanges });

const settings = {
  ranges: Type.Array(RangeText, {
    format: 'not-empty',
    maxItems: maxRanges,
    description: '`first-last`, a prefix, or one address; used in this order',
    examples: [['172.17.200.100-172.17.200.125']],
  }),
  exclude: RangeTexts,
  autoAssign: Type.Boolean({
    description: 'The pool is used for requests that name no pool; default: true, but false for a carved pool',
  }),
  priority: Type.Integer({
    minimum: -1_000_000,
    maximum: 1_000_000,
    description: 'The pool with the lower number is used first',
  }),
  avoidBuggyIps: Type.Boolean({ description: 'Leaves out IPv4 addresses that end in .0 or .255' }),
  allowFirstLast: Type.Boolean({ description: 'Hands out the first and last address of a prefix too' }),
  strategy: oneOf(strategies, {
    description: `Which free address is given next. ${strategies.map((one) => `\`${one}\`: ${strategyTraits[one].description}`).join('. ')}`,
  }),
  coolDownSeconds: Type.Integer({
    minimum: 0,
    maximum: 31_536_000,
    description: 'How long a released address is not handed out again',
  }),
  drain: Type.Boolean({ description: 'Hands out no addresses; those in use stay' }),
  space: LabelText,
  reverse: Type.Boolean({
    description:
      'Hosts get PTRs for the addresses of this pool; default: true in the space `default`, false in others. Of pools of ' +
      'different spaces whose ranges overlap, only one has it. A change writes or deletes the PTRs of its hosts',
  }),
  description: Type.String({ maxLength: 1000 }),
  tags: Tags,
};

const Count = Type.String({ pattern: '^[0-9]+$' });
const Usage = Type.Object(
  {
    capacity: { ...Count, description: 'Addresses in the ranges that are not excluded' },
    used: { ...Count, description: 'Held addresses, also those that are excluded and do not count in `capacity`' },
    recorded: { ...Count, description: 'Named by A or AAAA records only: not held, not cooling down, not handed out' },
    coolingDown: { ...Count, description: 'Released a short time ago, with or without records that name them' },
    carved: { ...Count, description: 'In pools that were carved out of this one' },
    free: Count,
  },
  { title: 'Usage' },
);
const Usages = Type.Object(
  { ipv4: Usage, ipv6: Usage },
  {
    description:
      'Decimal strings, because counts of IPv6 addresses do not fit a number. Counted when the answer is made; ignored ' +
      'in a request. Each address counts once: as `used`, else as `coolingDown`, else as `recorded`, else as `free`; those in `carved` are counted in the pool that has them',
  },
);

const { ranges: _, ...defaulted } = settings;

const nameForm = 'Lower-case letters, digits, inner hyphens; not in the form of an id';
const NewName = { ...LabelText, description: nameForm };

export const NewPool = strict({ name: NewName, ranges: settings.ranges, ...optional(defaulted).properties }, 'NewPool');
const Id = {
  ...LabelText,
  description: 'Given by the service when the pool is created; stays when the pool is renamed',
};
const Parent = nullable(LabelText, { description: 'The pool out of which this one was carved; null if there is none' });
export const PutPool = strict(
  {
    id: readOnly(Id),
    name: Type.Optional(LabelText),
    ranges: settings.ranges,
    ...optional(defaulted).properties,
    parent: readOnly(Parent),
    usage: readOnly(Usages),
  },
  'PoolSettings',
);
export const PatchPool = patchOf(
  { ...defaulted, tags: TagsPatch, id: readOnly(Id), parent: readOnly(Parent), usage: readOnly(Usages) },
  'PoolPatch',
  {
    name: NewName,
    ranges: settings.ranges,
  },
);

const { space: _space, ...ofChild } = defaulted;
export const NewChildPool = strict(
  {
    name: NewName,
    prefixLength: Type.Integer({ minimum: 0, maximum: 128, description: 'The length of the block, such as 28' }),
    family: Type.Optional(FamilyText),
    ...optional(ofChild).properties,
  },
  'NewChildPool',
);

export const NewSplit = strict(
  {
    name: { ...NewName, description: `The name of the new pool. ${nameForm}` },
    ranges: {
      ...settings.ranges,
      description: 'Parts of the ranges of the pool: they become those of the new one, with all that is in use there',
      examples: [['172.17.200.120-172.17.200.125']],
    },
  },
  'NewSplit',
);
export const NewMerge = strict(
  {
    from: {
      ...LabelText,
      description: 'The pool that is merged into the one in the path, and is gone then: its name, or its id',
    },
  },
  'NewMerge',
);

export const PoolBody = Type.Object(
  {
    id: Id,
    name: LabelText,
    parent: Parent,
    ...settings,
    usage: Usages,
  },
  { title: 'Pool' },
);

const Released = Type.Object(
  {
    count: Type.Integer({ description: 'How many addresses were released' }),
    addresses: Type.Array(
      Type.Object({
        address: AddressText,
        heldBy: Type.Array(Type.String(), { description: '`host:<name>` or `allocation:<id>`' }),
      }),
      {
        description: `The addresses, each with the holders that lost it, up to ${maxListed.toLocaleString('en')} holders`,
      },
    ),
    deletedHosts: Type.Object(
      { count: Type.Integer(), names: Type.Array(NameText, { maxItems: maxListed }) },
      { description: 'The hosts that lost their last address, and are deleted with their records' },
    ),
  },
  { title: 'Released', description: 'What `force` took from its holders; absent if that is nothing' },
);
export const WrittenPool = Type.Object(
  { ...PoolBody.properties, released: Type.Optional(Released) },
  { title: 'WrittenPool' },
);
export const DeletedPool = Type.Object({ released: Released }, { title: 'DeletedPool' });

const Value = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
export const MergeBody = Type.Object(
  {
    pool: PoolBody,
    changes: Type.Array(
      Type.Object(
        {
          setting: Type.String({ description: 'The field of the pool' }),
          before: Value,
          after: Value,
          message: Type.String(),
        },
        { title: 'MergeChange' },
      ),
      { description: 'The settings of the two pools that differ: what that means for the addresses of `from`' },
    ),
    tokens: Type.Integer({
      minimum: 0,
      description: 'The tokens that are limited to `from` and not to this pool: they no longer have its addresses',
    }),
  },
  { title: 'Merge' },
);

/** Returns a pool with all its settings. */
export function showPool<Shown extends Pool>(
  seen: { views: Pick<Views, 'pools'> },
  pool: Shown,
): Shown & { parent: string | null; reverse: boolean } {
  return { ...pool, parent: poolName(seen, pool.parent ?? null), reverse: hasReverseNames(pool) };
}

const PortBody = strict(
  {
    protocol: oneOf(['tcp', 'udp', 'sctp']),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
  },
  'Port',
);

export const SharingKey = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'Holders with the same key may share an address, if each has ports and no two have the same',
});
export const Ports = Type.Array(PortBody, { maxItems: 100 });
const changeable = {
  owner: Owner,
  sharingKey: SharingKey,
  ports: Ports,
  expiresInSeconds: Type.Integer({
    minimum: 1,
    maximum: maxExpirySeconds,
    description: 'The address is released this long after the request; without it, never',
  }),
  tags: Tags,
};
export const NewAllocation = strict(
  {
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 1' })),
    family: Type.Optional(FamilyText),
    addresses: Type.Optional(Type.Array(AddressText, { format: 'distinct', minItems: 1, maxItems: 100 })),
    ...optional(changeable).properties,
  },
  'NewAllocation',
);
export const PatchAllocation = patchOf({ ...changeable, tags: TagsPatch }, 'AllocationPatch');

export const AllocationBody = Type.Object(
  {
    address: AddressText,
    pool: nullable(LabelText),
    space: LabelText,
    state: oneOf(['held', 'cooling-down', 'recorded', 'free', 'unreadable'], {
      description:
        '`recorded`: nobody holds the address, but A or AAAA records name it. It is given only to a request that asks for it. `unreadable`: the value in the store cannot be read. The address counts as held until the value is corrected or deleted',
    }),
    names: Type.Optional(
      Type.Array(NameText, {
        description:
          'The first 100 names whose A or AAAA records name the address, whatever its state. Only for addresses in a ' +
          'pool. Records of hosts do not count',
      }),
    ),
    id: Type.Optional(
      Type.String({
        description:
          'The holder that is the allocation of the request. Only in answers to requests that allocate or change',
      }),
    ),
    fault: Type.Optional(Type.String({ description: 'Why the value is unreadable' })),
    since: Type.Optional(Type.String({ format: 'date-time' })),
    freeAt: Type.Optional(Type.String({ format: 'date-time', description: 'When the cool-down ends' })),
    former: Type.Optional(
      Type.Object(
        { host: Type.String(), owner: Owner },
        { description: 'Until then, a host of this name and owner gets the address again' },
      ),
    ),
    holders: Type.Array(
      Type.Object(
        {
          kind: oneOf(holderKinds),
          host: Type.Optional(Type.String()),
          id: Type.Optional(Type.String()),
          owner: Owner,
          shared: Type.Optional(Type.Boolean()),
          ptrFor: Type.Optional(Type.Boolean()),
          sharingKey: Type.Optional(Type.String()),
          ports: Type.Optional(Type.Array(PortBody)),
          expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
          tags: Type.Optional({ ...Tags, description: 'Of an allocation; absent: it has none' }),
        },
        { title: 'Holder' },
      ),
    ),
  },
  { title: 'Allocation' },
);
/** A warning about an address that was given because the request asked for it. */
export const AddressWarning = Type.Object(
  { address: AddressText, names: Type.Array(NameText), message: Type.String() },
  { title: 'AddressWarning' },
);
const AddressWarnings = Type.Optional(
  Type.Array(AddressWarning, {
    description:
      'Addresses that were asked for and given, although A or AAAA records name them; absent if there are no warnings',
  }),
);

/** Returns the warnings as answers show them. */
export function showAddressWarnings(warnings: AddressWarned[] = []): { warnings?: Static<typeof AddressWarnings> } {
  return warnings.length > 0 ? { warnings } : {};
}

export const Allocations = Type.Object(
  { items: Type.Array(AllocationBody), warnings: AddressWarnings },
  { title: 'Allocations' },
);
export const NextAddresses = Type.Object({ items: Type.Array(AddressText) }, { title: 'NextAddresses' });

/** Returns the record of a held address as answers show it. */
export function showAllocation({ address, pool, space, since, holders }: SeenRecord): Static<typeof AllocationBody> {
  return { address, pool, space, state: 'held', since, holders };
}
