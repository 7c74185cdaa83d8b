// Audit events: each describes a change that users can see, or refused requests. The events of one transaction are in
// one key of the store until the ledger takes them. The ledger keeps them with their actors.

/** The resources whose changes make events. */
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

/** All resources of events. `authentication`: requests without a valid token, from one client. */
export const eventResources = [...auditedResources, 'authentication'] as const;
export type EventResource = (typeof eventResources)[number];
export const eventActions = [...auditedActions, 'refused'] as const;
export type EventAction = (typeof eventActions)[number];

/** One event: a change of one resource, or the refused requests of one client. */
export interface AuditEvent {
  resource: EventResource;
  action: EventAction;
  /**
   * The resource's name as users write it: a host, a pool, a zone, `owner name TYPE`, an address, a token's id. For
   * `authentication`, the client.
   */
  name: string;
  /**
   * The resource's fields before and after the change; null if the resource did not exist then. If the action is
   * `changed`: only the fields that differ, and the zone of an RRset, the space of an address or the id of a pool.
   */
  before: Fields | null;
  after: Fields | null;
  /**
   * Set if the decision's events were too large: `before` and `after` then have only a SHA-256 digest of the fields.
   */
  digest?: true;
}

export type Fields = { readonly [field: string]: unknown };

/** The beginning or the end of the time in which a holder has an address. */
export interface AddressUse {
  space: string;
  address: string;
  action: 'taken' | 'released';
  /** The holder as `describeHolder` names it: `host:<name>` or `allocation:<id>`. */
  holder: string;
  owner: string;
  /** The id of the pool that had the address in its ranges at that time. */
  pool: string | null;
}

/** The actor as the ledger keeps it. `id`: the id of a token, or the name of a part of this service. */
export interface AuditActor {
  kind: 'token' | 'system';
  id: string;
  name: string;
  /** The address of the client. */
  from?: string;
  /** The id of the request; `request` is its method and path. */
  requestId?: string;
  request?: string;
}

/** The events and address uses of one decision. A transaction carries out one or more decisions. */
export interface AuditedDecision {
  actor: AuditActor;
  events: AuditEvent[];
  uses: AddressUse[];
}
