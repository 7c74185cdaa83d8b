// Races of pools that are split and merged, for races.test.ts: a row for each of their compares, and one for each
// writer that meets them.

import { decideMoveHost } from '../../src/control/renumbering/move-holder.ts';
import { decideNoteProgress, decideRenumberPool } from '../../src/control/renumbering/renumber-pool.ts';
import { decideCreateToken } from '../../src/control/tokens/create-token.ts';
import { decideDeleteToken } from '../../src/control/tokens/delete-token.ts';
import { newSecret } from '../../src/control/tokens/token-secret.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseName } from '../../src/model/name.ts';
import type { Renumbering } from '../../src/model/renumbering.ts';
import { poolKey, poolKind } from '../../src/store/kinds/pool.ts';
import { renumberingKey, renumberingKind } from '../../src/store/kinds/renumbering.ts';
import { tokenKey, tokenKind } from '../../src/store/kinds/token.ts';
import type { Race } from './race.ts';
import {
  allocate,
  allocateNext,
  carvePool,
  createHost,
  deletePool,
  host,
  mergePool,
  pool,
  putPool,
  renamePool,
  splitPool,
  zone,
} from './steps.ts';

const other = putPool('q', ['10.1.0.0/29']);
const third = putPool('r', ['10.2.0.0/29']);
const split = splitPool('p', 's', '10.0.0.0/30');
const merge = mergePool('q', 'p');
const renumber =
  (from: string, to: string): Decide<unknown> =>
  (context) =>
    decideRenumberPool(context, { pool: from, to: { pool: to }, allocations: false });
const end: Decide<unknown> = (context) => {
  const current = context.views.renumberings.get('p')?.value as Renumbering;
  return decideNoteProgress(context, { ...current, state: 'ended', endedAt: current.startedAt });
};
const token: Decide<unknown> = (context) => {
  const wanted = { id: 't', name: 't', rights: { role: 'viewer', pools: ['p'] } as const };
  return decideCreateToken(
    context,
    { ...wanted, rights: { role: 'viewer', pools: [...wanted.rights.pools] } },
    newSecret('t'),
  );
};
const deleteToken: Decide<unknown> = (context) => decideDeleteToken(context, { id: 't', precondition: {} });
/** The host moves to the pool `p`, which is split meanwhile: the renumbering was begun before. */
const move: Decide<unknown> = (context) => {
  const current = context.views.renumberings.get('q');
  if (current === undefined) throw new Error('there is no renumbering');
  return decideMoveHost(context, { renumbering: current.value, created: current.modified }, parseName('b.z'));
};
const moving = [zone, pool, other, createHost('b.z', '10.1.0.1'), renumber('q', 'p')];

export const poolPartRaces: Race[] = [
  {
    guards: ['pools/split-pool.ts requireQuiet'],
    what: 'a pool is split twice at once',
    given: [pool],
    first: splitPool('p', 'r', '10.0.0.2/31'),
    second: split,
    stoppedBy: [poolKind.prefix, poolKey('p')],
  },
  {
    guards: ['pools/split-pool.ts requireQuiet'],
    what: 'a pool gets the name of the new one while a pool is split',
    given: [pool, other],
    first: renamePool('q', 's'),
    second: split,
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/split-pool.ts put'],
    what: 'a pool is deleted while it is split',
    given: [pool],
    first: deletePool('p'),
    second: split,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/put-pool.ts put'],
    what: 'a pool is changed while it is split',
    given: [pool],
    first: split,
    second: putPool('p', ['10.0.0.0/29'], { description: 'changed' }),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/split-pool.ts requireQuiet'],
    what: 'a pool is carved out of one that is split',
    given: [pool],
    first: carvePool('p', 'q', 30),
    second: split,
    stoppedBy: [poolKind.prefix, poolKey('p')],
  },
  {
    guards: ['pools/split-pool.ts requireQuiet'],
    what: 'a token is created for a pool while the pool is split',
    given: [pool],
    first: token,
    second: split,
    stoppedBy: [tokenKind.prefix],
  },
  {
    guards: ['tokens/create-token.ts requireQuiet'],
    what: 'a pool is split while a token is created for it',
    given: [pool],
    first: split,
    second: token,
    stoppedBy: [poolKind.prefix],
  },
  {
    guards: ['pools/split-pool.ts put'],
    what: 'the token of a pool is deleted while the pool is split',
    given: [pool, token],
    first: deleteToken,
    second: split,
    stoppedBy: [tokenKey('t')],
  },
  {
    guards: ['pools/refuse-renumbering.ts requireQuiet'],
    what: 'a pool begins to be renumbered to one that is split',
    given: [pool, other],
    first: renumber('q', 'p'),
    second: split,
    stoppedBy: [renumberingKind.prefix],
  },
  {
    guards: ['renumbering/renumber-pool.ts requireUnchanged'],
    what: 'a pool is split while another one begins to be renumbered to it',
    given: [pool, other],
    first: split,
    second: renumber('q', 'p'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'a pool changes while a renumbering moves a host to it',
    given: moving,
    first: putPool('p', ['10.0.0.4/30']),
    second: move,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'a host takes an address of a pool while the pool is split',
    given: [zone, pool],
    first: split,
    second: host,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'an address is allocated from a pool while the pool is merged into another one',
    given: [pool, other],
    first: merge,
    second: allocate('10.0.0.1'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'an address is allocated from a pool that takes another one',
    given: [pool, other],
    first: mergePool('p', 'q'),
    second: allocateNext({}),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/merge-pools.ts requireQuiet'],
    what: 'a pool is split while it is merged into another one',
    given: [pool, other],
    first: split,
    second: merge,
    stoppedBy: [poolKind.prefix, poolKey('p')],
  },
  {
    guards: ['pools/merge-pools.ts put'],
    what: 'a pool is deleted while another one is merged into it',
    given: [pool, other],
    first: deletePool('q'),
    second: merge,
    stoppedBy: [poolKey('q')],
  },
  {
    guards: ['pools/merge-pools.ts delete'],
    what: 'a pool is merged into two others at once',
    given: [pool, other, third],
    first: mergePool('r', 'p'),
    second: merge,
    stoppedBy: [poolKey('p'), poolKind.prefix],
  },
  {
    guards: ['pools/merge-pools.ts put'],
    what: 'a pool that was carved out of a pool is deleted while its parent is merged',
    given: [pool, other, carvePool('p', 'c', 30)],
    first: deletePool('c'),
    second: merge,
    stoppedBy: [poolKey('c')],
  },
  {
    guards: ['pools/merge-pools.ts delete'],
    what: 'a pool that was renumbered is renumbered again while it is merged',
    given: [pool, other, third, renumber('p', 'r'), end],
    first: renumber('p', 'r'),
    second: merge,
    stoppedBy: [renumberingKey('p'), renumberingKind.prefix],
  },
];
