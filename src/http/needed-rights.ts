// The rights that each operation needs, by `operationId`. The server does not start with a route that has no row
// (test/http/needed-rights.test.ts). The use cases check the zones, pools and owners of a token:
// control/access/access.ts.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accessOf } from '../control/access/access.ts';
import type { Role } from '../model/rights.ts';
import { askingOf } from './auth.ts';
import type { Services } from './services.ts';

interface Need {
  role: Role;
  /** Set if the operation needs a token without a scope, because it reads or changes things that no scope covers. */
  whole?: true;
}

const viewer: Need = { role: 'viewer' };
const operator: Need = { role: 'operator' };
const admin: Need = { role: 'admin', whole: true };

/** `open`: needs no token. */
export const neededRights: Readonly<Record<string, Need | 'open'>> = {
  createPool: operator,
  carvePool: operator,
  splitPool: operator,
  mergePools: operator,
  listPools: viewer,
  readPool: viewer,
  putPool: operator,
  patchPool: operator,
  deletePool: operator,
  // The hosts of a pool can have any zone and owner.
  renumberPool: { role: 'operator', whole: true },
  readRenumbering: { role: 'viewer', whole: true },
  stopRenumbering: { role: 'operator', whole: true },
  allocateAddresses: operator,
  importAllocations: operator,
  listAllocations: viewer,
  nextAddresses: viewer,
  readAddress: viewer,
  changeAllocation: operator,
  releaseAddress: operator,
  createHost: operator,
  createHosts: operator,
  importHosts: operator,
  listHosts: viewer,
  readHost: viewer,
  putHost: operator,
  patchHost: operator,
  swapHosts: operator,
  deleteHost: operator,
  createZone: operator,
  listZones: viewer,
  readZone: viewer,
  putZone: operator,
  patchZone: operator,
  deleteZone: operator,
  listRRsets: viewer,
  readRRset: viewer,
  putRRset: operator,
  deleteRRset: operator,
  patchRRsets: operator,
  exportZoneFile: viewer,
  importZoneFile: operator,
  readSkydns: viewer,
  adoptZone: operator,
  sweepSkydns: operator,
  listForwarding: viewer,
  readForwarding: viewer,
  renderForwarding: viewer,
  renderForwardingOfZones: viewer,
  listResolvers: viewer,
  readResolver: viewer,
  putResolver: admin,
  deleteResolver: admin,
  listForwarders: viewer,
  readForwarder: viewer,
  listCachedAnswers: viewer,
  putForwarder: admin,
  deleteForwarder: admin,
  emptyForwarderCache: admin,
  // The history also has deleted resources. Their zones, pools and owners are not known, so no scope can be checked.
  listEvents: { role: 'viewer', whole: true },
  readHostHistory: { role: 'viewer', whole: true },
  readAddressHistory: { role: 'viewer', whole: true },
  readPoolUsage: viewer,
  createToken: admin,
  listTokens: admin,
  readToken: admin,
  deleteToken: admin,
  rotateToken: admin,
  listMembers: viewer,
  readBackup: admin,
  watchChanges: viewer,
  // Applies only with the setting `httpOpen: 'health'`. By default, /metrics needs no token.
  readMetrics: { role: 'viewer', whole: true },
  checkHealth: 'open',
  checkReadiness: 'open',
};

/** Makes the start fail if a route that is added after this call has no row. */
export function requireRows(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, schema }) => {
    // /openapi.json or a file of /docs: it shows no stored data.
    if (schema?.hide === true) return;
    if (!Object.hasOwn(neededRights, schema?.operationId ?? ''))
      throw new Error(`${method} ${url} has no row in neededRights: say which role it needs`);
  });
}

/** Refuses with `forbidden` if the token does not have the role that the operation needs. */
export function authorise(services: Pick<Services, 'views'>, request: FastifyRequest): void {
  const need = neededRights[request.routeOptions.schema?.operationId ?? ''];
  if (need === undefined || need === 'open') return;
  const access = accessOf(askingOf(services, request));
  access.needRole(need.role);
  if (need.whole) access.needWhole('this');
}
