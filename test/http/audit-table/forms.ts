// The type of a row in the table of audited requests, with short forms of requests and of resources' fields.

import type { AuditEvent } from '../../../src/model/audit-event.ts';
import type { Method } from '../../support/api-client.ts';

export type Request = [method: Method, path: string, body?: unknown, headers?: Record<string, string>];

export interface AuditedRequest {
  /** The `operationId` of the request. */
  operation: string;
  what: string;
  given: Request[];
  request: Request;
  status: number;
  /** The expected events. They have `<id>` in place of an id, and `<time>` in place of a time. */
  events: [
    resource: AuditEvent['resource'],
    action: AuditEvent['action'],
    name: string,
    before: unknown,
    after: unknown,
  ][];
  /** The expected uses, each as `action space address holder owner pool`. They have the id of the pool. */
  uses?: string[];
}

export const pool = (name = 'p', more: object = {}): Request => {
  return ['POST', '/v1/pools', { name, ranges: ['10.0.0.0/29'], ...more }];
};
export const zone = (name = 'z', more: object = {}): Request => ['POST', '/v1/zones', { name, ...more }];
export const host = (name = 'a.z', more: object = {}): Request => ['POST', '/v1/hosts', { name, ptr: false, ...more }];
export const allocate = (body: object, from = 'p'): Request => ['POST', `/v1/pools/${from}/allocations`, body];
export const rrset = (name: string, type: string, records: string[], ttl?: number): Request => {
  return ['PUT', `/v1/zones/z/rrsets/${name}/${type}`, { records, ...(ttl && { ttl }) }];
};
export const file = (text: string, query = ''): Request => {
  return ['PUT', `/v1/zones/z/zonefile${query}`, text, { 'content-type': 'text/dns' }];
};

export const repeatable = ([method, path, body]: Request): Request => [method, path, body, { 'idempotency-key': 'k' }];

export const poolFields = {
  id: '<id>',
  name: 'p',
  ranges: ['10.0.0.0/29'],
  exclude: [],
  autoAssign: true,
  priority: 0,
  avoidBuggyIps: false,
  allowFirstLast: true,
  strategy: 'lowest',
  coolDownSeconds: 0,
  drain: false,
  space: 'default',
  description: '',
  tags: {},
};
export const zoneFields = { defaultTtl: 300, nameservers: [], soa: {}, skydns: false, automatic: false };
export const held = (address: string, from: string | null = 'p') => ({ address, space: 'default', pool: from });
export const hostFields = {
  zone: 'z',
  addresses: [held('10.0.0.0')],
  aliases: [],
  ttl: null,
  ptr: false,
  owner: '',
  tags: {},
  createdAt: '<time>',
};
export const allocation = (more: object = {}) => ({ kind: 'allocation', id: '<id>', owner: '', ...more });
export const held1 = (...holders: object[]) => ({ space: 'default', pool: 'p', holders });
export const shared = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp', port }] });
export const sharing = (port: number): Request => allocate({ ...shared(port), owner: `o${port}` });
export const sharer = (port: number) => allocation({ owner: `o${port}`, ...shared(port) });
export const reverse = '0.0.10.in-addr.arpa';
