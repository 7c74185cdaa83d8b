// The races between forwarders, and between forwarders and zones. races.test.ts runs them.

import { decideEmptyCache } from '../../src/control/forwarders/empty-cache.ts';
import { decideDeleteForwarder, decidePutForwarder } from '../../src/control/forwarders/put-forwarder.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { Forwarder } from '../../src/model/forwarder.ts';
import { parseName } from '../../src/model/name.ts';
import { forwarderKey } from '../../src/store/kinds/forwarder.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import { putZone } from '../support/control-plane.ts';
import type { Race } from './race.ts';

const corp = parseName('corp');
const corpServer = { address: parseAddress('192.0.2.53'), port: 53 };
const corpForwarder: Forwarder = {
  zone: corp,
  targets: [corpServer],
  strategy: 'first-healthy',
  timeoutMilliseconds: 2_000,
  allowFrom: ['127.0.0.0/8'],
};
const addForwarder: Decide<unknown> = (context) => decidePutForwarder(context, corpForwarder, { create: true });
const changeForwarder: Decide<unknown> = (context) =>
  decidePutForwarder(context, { ...corpForwarder, timeoutMilliseconds: 500 }, {});

export const forwarderRaces: Race[] = [
  {
    guards: ['forwarders/put-forwarder.ts put'],
    what: 'two admins add a forwarder of one name, each only if it is new',
    given: [],
    first: addForwarder,
    second: addForwarder,
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: ['forwarders/put-forwarder.ts deleteForwarder'],
    what: 'a forwarder is deleted, on a condition, while it is changed',
    given: [addForwarder],
    first: changeForwarder,
    second: (context) => decideDeleteForwarder(context, corp, {}),
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: ['forwarders/empty-cache.ts requireUnchanged'],
    what: 'the cache of a forwarder is emptied while the forwarder is deleted: no key is left of it',
    given: [addForwarder],
    first: (context) => decideDeleteForwarder(context, corp, {}),
    second: (context) => decideEmptyCache(context, corp, undefined),
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: ['forwarders/put-forwarder.ts requireAbsent'],
    what: 'a forwarder is added while a zone of that name is created',
    given: [],
    first: putZone(corp),
    second: addForwarder,
    stoppedBy: [zoneKey(corp)],
  },
  {
    guards: ['transaction/transaction-builder.ts requireAbsent', 'zones/take-ptrs.ts createZone'],
    what: 'a zone is created while a forwarder of that name is added',
    given: [],
    first: addForwarder,
    second: putZone(corp),
    stoppedBy: [forwarderKey(corp)],
  },
];
