// A store has one ledger. A replica uses its own ledger only if that is the ledger of the store, or is new.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimHome, type Place, readHome } from '../../src/ledger/home.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';

const a: Place = { kind: 'sqlite', replica: 'a' };
const b: Place = { kind: 'sqlite', replica: 'b' };
const database: Place = { kind: 'postgresql', replica: 'b' };
const fresh = (id: string) => ({ id, isEmpty: true });
const used = (id: string) => ({ id, isEmpty: false });

async function newStore(t: Cleanup) {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t) });
  t.after(() => store.close());
  return store;
}

test('the first replica with a new file has the ledger, and others are told which replica has it', async (t) => {
  const store = await newStore(t);
  const standings = await Promise.all([claimHome(store, a, fresh('A')), claimHome(store, b, fresh('B'))]);
  assert.deepEqual(standings.map(({ at }) => at).sort(), ['elsewhere', 'here']);
  const { home } = (await readHome(store))!;
  assert.equal(home.ledger, home.replica?.toUpperCase());
  const [mine, other] = home.replica === 'a' ? [a, b] : [b, a];
  assert.deepEqual(await claimHome(store, mine, used(home.ledger!)), { at: 'here', isNew: false });
  assert.deepEqual(await claimHome(store, other, used('X')), { at: 'elsewhere', replica: mine.replica });
});

test('the ledger of another store is refused, and a new file in its place is accepted', async (t) => {
  const store = await newStore(t);
  assert.equal((await claimHome(store, a, used('of another store'))).at, 'wrong');
  assert.equal(await readHome(store), undefined);
  await claimHome(store, a, fresh('A'));
  assert.equal((await claimHome(store, a, used('of another store'))).at, 'wrong');
  assert.deepEqual(await claimHome(store, a, fresh('A2')), { at: 'here', isNew: true });
  assert.equal((await readHome(store))?.home.ledger, 'A2');
});

test('a PostgreSQL ledger takes the place of a file, and every replica may use it', async (t) => {
  const store = await newStore(t);
  await claimHome(store, a, fresh('A'));
  assert.deepEqual(await claimHome(store, database, fresh('D')), { at: 'here', isNew: true });
  assert.deepEqual(await claimHome(store, { ...database, replica: 'a' }, used('D')), { at: 'here', isNew: false });
  assert.deepEqual((await readHome(store))?.home, { kind: 'postgresql', ledger: 'D' });
  assert.deepEqual(await claimHome(store, a, used('A')), { at: 'elsewhere', replica: 'PostgreSQL' });
});
