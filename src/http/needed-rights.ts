// What each operation needs: one row for each `operationId`. The routes do not start without a row
// (test/http/needed-rights.test.ts). The zones, pools and owners that a token must have are known only to the use
// cases: control/access/access.ts.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { accessOf } from '../control/access/access.ts';
import type { Role } from '../model/rights.ts';
import { askingOf } from './auth.ts';
import type { Services } from './services.ts';

interface Need {
  role: Role;
  /** Set if only a token without a scope may do it: the answer shows, or the request changes, what no scope limits. */
  whole?: true;
}

const viewer: Need = { role: 'viewer' };
const operator: Need = { role: 'operator' };
const admin: Need = { role: 'admin', whole: true };

/** `open`: needs no token. */
export const neededRights: Readonly<Record<string, Need | 'open'>> = {
  createPool: operator,
  listPools: viewer,
  readPool: viewer,
  putPool: operator,
  patchPool: operator,
  deletePool: operator,
  allocateAddresses: operator,
  listAllocations: viewer,
  nextAddresses: viewer,
  readAddress: viewer,
  releaseAddress: operator,
  createHost: operator,
  listHosts: viewer,
  readHost: viewer,
  putHost: operator,
  patchHost: operator,
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
  // History tells of what is gone, whose zone, pool and owner nobody knows any more.
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
  // Open, unless the settings say that it needs a token.
  readMetrics: { role: 'viewer', whole: true },
  checkHealth: 'open',
  checkReadiness: 'open',
};

/** Makes the routes that are added after this call fail at the start if they have no row. */
export function requireRows(app: FastifyInstance): void {
  app.addHook('onRoute', ({ method, url, schema }) => {
    // Pages, which show nothing of what is stored.
    if (schema?.hide === true) return;
    if (!Object.hasOwn(neededRights, schema?.operationId ?? ''))
      throw new Error(`${method} ${url} has no row in neededRights: say which role it needs`);
  });
}

/** Refuses with `forbidden` a request whose token has not the role that its operation needs. */
export function authorise(services: Pick<Services, 'views'>, request: FastifyRequest): void {
  const need = neededRights[request.routeOptions.schema?.operationId ?? ''];
  if (need === undefined || need === 'open') return;
  const access = accessOf(askingOf(services, request));
  access.needRole(need.role);
  if (need.whole) access.needWhole('this');
}
