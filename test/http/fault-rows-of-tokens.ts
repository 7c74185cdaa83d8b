// Rows of fault-pairs.test.ts: tokens, resolvers and forwarders.

import { badZone, createOnly, fault, longKey, type Operation, stale, stray } from './fault-forms.ts';

export const tokensAndForwarders: Record<string, Operation> = {
  createToken: {
    method: 'POST',
    path: '/v1/tokens',
    body: { name: 'new', role: 'viewer', zones: ['foo.k8s', 'bar.k8s'], pools: ['p', 'lab'] },
    faults: [
      longKey,
      stray,
      fault('schema', '/role', 'king'),
      fault('schema', '/expiresInSeconds', 0),
      fault('schema', '/pools/0', 'No Label'),
      fault('parse', '/zones/1', 'a..b'),
      fault('parse', '/name', '…'),
      fault('stands', '/name', 'ci'),
      fault('stands', '/pools/1', 'none'),
    ],
  },
  rotateToken: {
    method: 'POST',
    path: '/v1/tokens/ci/rotate',
    faults: [longKey, fault('stands', ':id', 'none')],
  },
  deleteToken: {
    method: 'DELETE',
    path: '/v1/tokens/ci',
    faults: [createOnly, fault('stands', ':id', 'none'), { ...stale, needs: [':id'] }],
  },
  putResolver: {
    method: 'PUT',
    path: '/v1/resolvers/dns1',
    body: { address: '192.0.2.53', kind: 'bind' },
    faults: [
      stray,
      createOnly,
      fault('schema', '/port', 0),
      fault('schema', '/kind', 'x'),
      fault('parse', '/name', 'other', [':name']),
      fault('parse', '/address', '300.1.1.1'),
      fault('schema', ':name', 'No%20Label'),
      { ...stale, needs: [':name'] },
    ],
  },
  deleteResolver: {
    method: 'DELETE',
    path: '/v1/resolvers/dns1',
    faults: [
      createOnly,
      fault('schema', ':name', 'No%20Label'),
      fault('stands', ':name', 'none'),
      { ...stale, needs: [':name'] },
    ],
  },
  putForwarder: {
    method: 'PUT',
    path: '/v1/forwarders/corp.test',
    body: { targets: ['192.0.2.53:53', '192.0.2.54'], allowFrom: ['10.0.0.0/8', '192.0.2.0/24'] },
    faults: [
      stray,
      createOnly,
      badZone,
      fault('schema', '/timeoutMilliseconds', 1),
      fault('schema', '/strategy', 'x'),
      fault('parse', '/zone', 'other.test', [':zone']),
      fault('parse', '/targets/0', '300.1.1.1'),
      fault('parse', '/allowFrom/1', '0.0.0.0/0'),
      fault('parse', '/tlsAuthorities', 'x'),
      fault('stands', ':zone', 'foo.k8s'),
      fault('stands', '/targets/1', '192.0.2.77:53', [':zone', '/targets/0']),
      { ...stale, needs: [':zone'] },
    ],
  },
  deleteForwarder: {
    method: 'DELETE',
    path: '/v1/forwarders/corp.test',
    faults: [createOnly, badZone, fault('stands', ':zone', 'none.test'), { ...stale, needs: [':zone'] }],
  },
  emptyForwarderCache: {
    method: 'DELETE',
    path: '/v1/forwarders/corp.test/cache',
    faults: [badZone, fault('parse', '?name', 'a..b'), fault('parse', ':zone', 'none.test')],
  },
};
