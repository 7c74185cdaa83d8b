// The kinds of keys whose changes make audit events, and the fields that the events show. The types require a row for
// every kind, and an entry for every field of its values.

import type { AuditedResource, Fields } from '../../../model/audit-event.ts';
import { forwarderKind } from '../../../store/kinds/forwarder.ts';
import { hostKind } from '../../../store/kinds/host.ts';
import { poolKind } from '../../../store/kinds/pool.ts';
import { resolverKind } from '../../../store/kinds/resolver.ts';
import type { KindName, StoredKind, Subject, Value } from '../../../store/kinds/stored-kind.ts';
import { tokenKind } from '../../../store/kinds/token.ts';
import { zoneKind } from '../../../store/kinds/zone.ts';
import type { Views } from '../../../views/views.ts';
import type { NameEdits } from '../name-edits.ts';

/** A kind whose keys are resources of users. */
export interface AuditedKind<Name extends KindName> {
  resource: AuditedResource;
  kind: StoredKind<Name>;
  /** Returns the resource's name. `value`: the value after the decision, or before it if the decision deletes it. */
  nameOf(subject: Subject<Name>, value: Value<Name> | undefined): string;
  /** Returns the value before the decision, as the views have it. */
  standing(views: Views, subject: Subject<Name>): Value<Name> | undefined;
  /** False for fields that events do not show: secrets, fields that users do not see, and parts of the name. */
  shows: { readonly [Field in keyof Required<Value<Name>>]: boolean };
  /** Fields that an event of a change shows even if they do not differ. */
  keeps?: readonly (keyof Value<Name> & string)[];
  /**
   * Returns the fields with the names of pools instead of ids. The pool of an address is the one that has it in its
   * ranges now. `poolName` returns the name of the pool with this id, also of a pool that the decision creates.
   */
  named?(views: Views, value: Value<Name>, poolName: (id: string) => string): object;
  /** Returns fields that tell how many items without events of their own are deleted together with the resource. */
  deletes?(names: NameEdits, subject: Subject<Name>): Fields;
}

/** `rule`: the kind has a file of its own in this folder. `unseen`: no change of the kind makes an event. */
type AuditedKinds = { readonly [Name in KindName]: AuditedKind<Name> | 'rule' | 'unseen' };

export const auditedKinds = {
  host: {
    resource: 'host',
    kind: hostKind,
    nameOf: ({ host }) => host,
    standing: ({ hosts }, { host }) => hosts.get(host)?.value,
    named: ({ pools }, host) => ({
      ...host,
      addresses: host.addresses.map(({ givenBy: _, ...one }) => ({
        ...one,
        pool: pools.poolNameAt(one.space, one.address),
      })),
    }),
    shows: {
      name: false,
      zone: true,
      addresses: true,
      aliases: true,
      ttl: true,
      ptr: true,
      owner: true,
      tags: true,
      createdAt: true,
    },
  },
  pool: {
    resource: 'pool',
    kind: poolKind,
    nameOf: ({ pool }, value) => value?.name ?? pool,
    keeps: ['id'],
    named: (_, pool, poolName) => (pool.parent === undefined ? pool : { ...pool, parent: poolName(pool.parent) }),
    standing: ({ pools }, { pool }) => pools.byId(pool)?.value,
    shows: {
      id: true,
      name: true,
      parent: true,
      ranges: true,
      exclude: true,
      autoAssign: true,
      priority: true,
      avoidBuggyIps: true,
      allowFirstLast: true,
      strategy: true,
      coolDownSeconds: true,
      drain: true,
      space: true,
      reverse: true,
      description: true,
      tags: true,
    },
  },
  zone: {
    resource: 'zone',
    kind: zoneKind,
    nameOf: ({ zone }) => zone,
    standing: ({ zones }, { zone }) => zones.get(zone)?.value,
    shows: {
      name: false,
      generation: false,
      defaultTtl: true,
      nameservers: true,
      soa: true,
      skydns: true,
      skydnsSince: false,
      stubZones: true,
      stubZonesAllowFrom: true,
      addressNames: true,
      automatic: true,
    },
    deletes: (names, { zone }) => ({ names: names.deletedWith(zone) }),
  },
  token: {
    resource: 'token',
    kind: tokenKind,
    nameOf: ({ token }) => token,
    standing: ({ tokens }, { token }) => tokens.get(token)?.value,
    named: (_, token, poolName) => ({ ...token, ...(token.pools && { pools: token.pools.map(poolName) }) }),
    shows: {
      id: false,
      name: true,
      hash: false,
      salt: false,
      role: true,
      zones: true,
      pools: true,
      owner: true,
      createdAt: true,
      rotatedAt: true,
      expiresAt: true,
    },
  },
  resolver: {
    resource: 'resolver',
    kind: resolverKind,
    nameOf: ({ resolver }) => resolver,
    standing: ({ resolvers }, { resolver }) => resolvers.get(resolver)?.value,
    shows: { name: false, address: true, port: true, kind: true },
  },
  forwarder: {
    resource: 'forwarder',
    kind: forwarderKind,
    nameOf: ({ zone }) => zone,
    standing: ({ forwarders }, { zone }) => forwarders.get(zone)?.value,
    shows: {
      zone: false,
      targets: true,
      strategy: true,
      timeoutMilliseconds: true,
      allowFrom: true,
      staleSeconds: true,
      tlsAuthorities: true,
      stubZoneOf: true,
    },
  },
  /** address-changes.ts */
  address: 'rule',
  /** rrset-changes.ts */
  name: 'rule',
  serial: 'unseen',
  flush: 'unseen',
  skydns: 'unseen',
  renumbering: 'unseen',
  import: 'unseen',
  idempotency: 'unseen',
  member: 'unseen',
  activity: 'unseen',
  leader: 'unseen',
  ledger: 'unseen',
  offset: 'unseen',
  outbox: 'unseen',
} as const satisfies AuditedKinds;
