// Races of pools that are created, changed, renamed and deleted.

import { decideCreateToken } from '../../src/control/tokens/create-token.ts';
import { newSecret } from '../../src/control/tokens/token-secret.ts';
import { parseAddress } from '../../src/model/address.ts';
import { addressesPrefix } from '../../src/store/kinds/address.ts';
import { poolKey, poolKind } from '../../src/store/kinds/pool.ts';
import type { Race } from './race.ts';
import { allocate, carvePool, deletePool, host, pool, putPool, renamePool, zone } from './steps.ts';

const builder = (kind: string) => `transaction/transaction-builder.ts ${kind}`;

export const poolRaces: Race[] = [
  {
    guards: ['pools/evict.ts requireQuiet', builder('requireQuiet')],
    what: 'a pool is deleted while an address is taken from it',
    given: [pool],
    first: allocate('10.0.0.1'),
    second: deletePool('p'),
    stoppedBy: [addressesPrefix('default')],
  },
  {
    guards: ['pools/evict.ts requireQuiet'],
    what: 'a pool shrinks while a host takes an address that is left out',
    given: [zone, pool],
    first: host,
    second: putPool('p', ['10.0.0.4/30']),
    stoppedBy: [addressesPrefix('default')],
  },
  {
    guards: ['pools/delete-pool.ts delete'],
    what: 'a pool is deleted while it is changed',
    given: [pool],
    first: putPool('p', ['10.0.0.0/28']),
    second: deletePool('p'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/put-pool.ts put'],
    what: 'a pool is changed twice',
    given: [pool],
    first: putPool('p', ['10.0.0.0/29'], { description: 'one' }),
    second: putPool('p', ['10.0.0.0/29'], { description: 'two' }),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/put-pool.ts requireQuiet'],
    what: 'a pool is created twice',
    given: [],
    first: putPool('p', ['10.0.0.0/29'], { id: 'one' }),
    second: putPool('p', ['10.1.0.0/29'], { id: 'two' }),
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/put-pool.ts requireQuiet'],
    what: 'two pools get one name',
    given: [pool, putPool('q', ['10.1.0.0/29'])],
    first: renamePool('p', 'r'),
    second: renamePool('q', 'r'),
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['tokens/create-token.ts requireQuiet'],
    what: 'a token is created for a pool while the pool is renamed',
    given: [pool],
    first: renamePool('p', 'q'),
    second: (context) =>
      decideCreateToken(context, { id: 't', name: 't', rights: { role: 'viewer', pools: ['p'] } }, newSecret('t')),
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/put-pool.ts requireQuiet'],
    what: 'two pools that overlap are created',
    given: [],
    first: putPool('p', ['10.0.0.0/29']),
    second: putPool('q', ['10.0.0.4/30']),
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/put-pool.ts requireQuiet'],
    what: 'pools of two spaces get the reverse names of one address',
    given: [putPool('p', ['10.0.0.0/29'], { reverse: false }), putPool('q', ['10.0.0.4/30'], { space: 'lab' })],
    first: putPool('p', ['10.0.0.0/29'], { reverse: true }),
    second: putPool('q', ['10.0.0.4/30'], { space: 'lab', reverse: true }),
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/carve-pool.ts requireQuiet'],
    what: 'two pools are carved out of one',
    given: [pool],
    first: carvePool('p', 'q', 30),
    second: carvePool('p', 'r', 30),
    stoppedBy: [poolKind.prefix, poolKey('p')],
  },
  {
    guards: ['pools/carve-pool.ts requireQuiet'],
    what: 'a pool is carved while an address of the block is taken',
    given: [pool],
    first: allocate('10.0.0.1'),
    second: carvePool('p', 'q', 30),
    stoppedBy: [addressesPrefix('default', ['10.0.0.0', '10.0.0.3'].map(parseAddress))],
  },
  {
    guards: ['pools/pool-tree.ts requireQuiet'],
    what: 'a carved pool takes more of its parent while an address is taken there',
    given: [pool, carvePool('p', 'q', 30)],
    first: allocate('10.0.0.5'),
    second: putPool('q', ['10.0.0.0/29'], { parent: 'p' }),
    stoppedBy: [addressesPrefix('default')],
  },
  {
    guards: ['pools/pool-tree.ts put'],
    what: 'an address is taken from a pool while its block is carved out',
    given: [pool],
    first: carvePool('p', 'q', 30),
    second: allocate('10.0.0.1'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/delete-pool.ts delete'],
    what: 'a pool is deleted while another one is carved out of it',
    given: [pool],
    first: carvePool('p', 'q', 30),
    second: deletePool('p'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/put-pool.ts requireQuiet'],
    what: 'a pool shrinks while another one is carved out of it',
    given: [pool],
    first: carvePool('p', 'q', 30),
    second: putPool('p', ['10.0.0.4/30']),
    stoppedBy: [poolKind.prefix, poolKey('p')],
  },
];
