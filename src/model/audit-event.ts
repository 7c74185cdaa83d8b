// What the ledger keeps of a change that users can see: who asked for it, and what it did. The events of one
// transaction travel to the ledger together, in one key of the store.

/** The resources of whose changes events tell. */
export const auditedResources = [
  'host',
  'pool',
  'zone',
  'rrset',
  'allocation',
  'token',
  'resolver',
  'forwarder',
] as const;
export type AuditedResource = (typeof auditedResources)[number];

/** What happened to a resource. `imported`: a zone file replaced the zone's records. */
export const auditedActions = ['created', 'changed', 'deleted', 'imported'] as const;
export type AuditedAction = (typeof auditedActions)[number];

/** All that events tell of. `authentication`: requests of one client that had no valid token. */
export const eventResources = [...auditedResources, 'authentication'] as const;
export type EventResource = (typeof eventResources)[number];
export const eventActions = [...auditedActions, 'refused'] as const;
export type EventAction = (typeof eventActions)[number];

/** One event: a change of one resource, or what was refused to one client. */
export interface AuditEvent {
  resource: EventResource;
  action: EventAction;
  /**
   * The resource's name, as users write it: a host, a pool, a zone, `owner name TYPE`, an address, a token's id. Of
   * `authentication`: the client.
   */
  name: string;
  /**
   * The resource's fields before and after; null: it did not exist. Of a change: only the fields that differ, and the
   * zone of an RRset or the space of an address.
   */
  before: Fields | null;
  after: Fields | null;
  /** Set if an event was too large for the store: `before` and `after` hold only SHA-256 digests of themselves. */
  digest?: true;
}

export type Fields = { readonly [field: string]: unknown };

/** The beginning or the end of the time in which a holder has an address. */
export interface AddressUse {
  space: string;
  address: string;
  action: 'taken' | 'released';
  /** As `describeHolder` names it: `host:<name>` or `allocation:<id>`. */
  holder: string;
  owner: string;
  pool: string | null;
}

/** The one who asked, as the ledger keeps it. `id`: a token's id, or the part of this service that acted by itself. */
export interface AuditActor {
  kind: 'token' | 'system';
  id: string;
  name: string;
  /** The address of the client. */
  from?: string;
  /** The id of the request, and its method and path. */
  requestId?: string;
  request?: string;
}

/** What one decision did. A transaction carries out one decision or several. */
export interface AuditedDecision {
  actor: AuditActor;
  events: AuditEvent[];
  uses: AddressUse[];
}
