// Races of renumberings, for races.test.ts: a row for each compare in src/control/renumbering.

import { decideDeletePool } from '../../src/control/pools/delete-pool.ts';
import { decideMoveHost } from '../../src/control/renumbering/move-holder.ts';
import {
  decideEndWithoutTarget,
  decideForgetRenumbering,
  decideNoteProgress,
  decideRenumberPool,
  decideStopRenumbering,
} from '../../src/control/renumbering/renumber-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseName } from '../../src/model/name.ts';
import type { Renumbering } from '../../src/model/renumbering.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { renumberingKey, renumberingValue } from '../../src/store/kinds/renumbering.ts';
import type { Race } from './race.ts';
import { createHost, deletePool, putPool, write, zone } from './steps.ts';

const old = putPool('p', ['10.0.0.0/29']);
const drained = putPool('p', ['10.0.0.0/29'], { drain: true });
const target = putPool('q', ['10.0.1.0/29']);
const other = putPool('r', ['10.0.2.0/29']);
const host = createHost('a.z', '10.0.0.1');
const renumberTo =
  (to: string): Decide<unknown> =>
  (context) =>
    decideRenumberPool(context, { pool: 'p', to: { pool: to }, allocations: false });
const begin = renumberTo('q');
const stop: Decide<unknown> = (context) => decideStopRenumbering(context, { pool: 'p', precondition: {} });
const note: Decide<unknown> = (context) => {
  const current = context.views.renumberings.get('p')?.value as Renumbering;
  return decideNoteProgress(context, { ...current, done: current.done + 1 });
};
const move: Decide<unknown> = (context) => {
  const current = context.views.renumberings.get('p');
  if (current === undefined) throw new Error('there is no renumbering');
  return decideMoveHost(context, { renumbering: current.value, created: current.modified }, parseName('a.z'));
};
const forget: Decide<unknown> = (context) => decideForgetRenumbering(context, 'p');
const endWithoutTarget: Decide<unknown> = (context) =>
  decideEndWithoutTarget(context, context.views.renumberings.get('p')?.value as Renumbering, 1);
const key = renumberingKey('p');
/** A renumbering without its pool: an operator has deleted the pool's key. */
const stored = write(
  key,
  renumberingValue.encode({
    pool: 'p',
    to: 'q',
    allocations: false,
    state: 'running',
    startedAt: '2026-01-01T00:00:00.000Z',
    done: 0,
    total: 1,
    left: 0,
    skipped: { count: 0, first: [] },
  }),
);

export const renumberingRaces: Race[] = [
  {
    guards: ['renumbering/move-holder.ts created'],
    what: 'a host is moved while the renumbering is stopped',
    given: [zone, old, target, host, begin],
    first: stop,
    second: move,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts put'],
    what: 'a pool changes while its renumbering begins',
    given: [old, target],
    first: putPool('p', ['10.0.0.0/28']),
    second: begin,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['renumbering/renumber-pool.ts put'],
    what: 'a pool is renumbered twice at once',
    given: [drained, target, other],
    first: renumberTo('r'),
    second: begin,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts put'],
    what: 'the progress of a renumbering is noted while it is stopped',
    given: [old, target, begin],
    first: stop,
    second: note,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts requireUnchanged'],
    what: 'a pool is deleted while another one begins to be renumbered to it',
    given: [old, target],
    first: deletePool('q'),
    second: begin,
    stoppedBy: [poolKey('q')],
  },
  {
    guards: ['renumbering/renumber-pool.ts delete'],
    what: 'a renumbering is stopped while its progress is noted',
    given: [old, target, begin],
    first: note,
    second: stop,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts delete'],
    what: 'a renumbering without a pool is forgotten twice',
    given: [stored],
    first: forget,
    second: forget,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts requireAbsent'],
    what: 'a pool is created while its renumbering is forgotten',
    given: [stored],
    first: old,
    second: forget,
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['pools/delete-pool.ts delete'],
    what: 'a pool is deleted while the progress of its renumbering is noted',
    given: [old, target, begin],
    first: note,
    second: (context) => decideDeletePool(context, { name: 'p', precondition: {}, force: true }),
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts put'],
    what: 'a renumbering without a target ends while it is stopped',
    given: [old, stored],
    first: stop,
    second: endWithoutTarget,
    stoppedBy: [key],
  },
  {
    guards: ['renumbering/renumber-pool.ts requireAbsent'],
    what: 'a pool is created while the renumbering to it ends without it',
    given: [old, stored],
    first: target,
    second: endWithoutTarget,
    stoppedBy: [poolKey('q')],
  },
];
