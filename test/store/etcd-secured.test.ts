// An etcd behind TLS, with client certificates and a user whose role covers only our prefix. The whole store works
// there, also after etcd has forgotten the token of the client.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Revision } from '../../src/model/revision.ts';
import { type EtcdOptions, openEtcdStore } from '../../src/store/etcd.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { beBusy } from '../support/be-busy.ts';
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts';
import { askEtcd, skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { freePorts } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { formatChanges, put, watchUntil, write } from './contract.ts';

const prefix = '/zonewright/v1';
const user = { username: 'zonewright', password: 'a password' };
/** The seconds after which etcd forgets a token that is not used. */
const tokenSeconds = 1;

interface Secured {
  etcd: TestEtcd;
  /** Opens the store with the options that this etcd needs, without those in `without`, and with those in `instead`. */
  open(without?: Partial<Record<keyof EtcdOptions, undefined>>, instead?: Partial<EtcdOptions>): Promise<Store>;
}

async function startSecured(t: TestContext): Promise<Secured> {
  const { cert, key, ca } = await makeCertificate(await temporaryFolder(t), 'localhost');
  const [port] = (await freePorts(1)) as [number];
  const tls = ['--cert-file', cert, '--key-file', key, '--client-cert-auth', '--trusted-ca-file', cert];
  const etcd = await startEtcd([...tls, '--auth-token-ttl', String(tokenSeconds)], [`https://127.0.0.1:${port}`]);
  t.after(() => etcd.close());
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const steps: [path: string, body: object][] = [
    ['role/add', { name: 'ours' }],
    [
      'role/grant',
      { name: 'ours', perm: { permType: 'READWRITE', key: base64(`${prefix}/`), range_end: base64(`${prefix}0`) } },
    ],
    ['user/add', { name: user.username, password: user.password }],
    ['user/grant', { user: user.username, role: 'ours' }],
    ['user/add', { name: 'root', password: 'another' }],
    ['user/grant', { user: 'root', role: 'root' }],
    ['enable', {}],
  ];
  for (const [path, body] of steps) await askEtcd(etcd.endpoint, `/v3/auth/${path}`, body);
  const all = {
    endpoints: [`https://localhost:${port}`],
    prefix,
    ca: Buffer.from(ca),
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...user,
  };
  const open: Secured['open'] = async (without = {}, instead = {}) => {
    const options = Object.entries({ ...all, ...instead }).filter(([name]) => !(name in without));
    const store = await openEtcdStore(Object.fromEntries(options) as unknown as EtcdOptions);
    t.after(() => store.close());
    return store;
  };
  return { etcd, open };
}

describe('etcd: behind TLS and a password', { skip: skipWithoutEtcd() || withoutOpenssl }, () => {
  it('writes, lists, watches and leases work, also after the token has expired or etcd has restarted', async (t) => {
    const { etcd, open } = await startSecured(t);
    const store = await open();
    const first = await write(store, put('a', 'one'));
    const lease = await store.grantLease(60);
    assert.equal(await store.keepLease(lease), true);
    const guarded = await store.grantLease(2);
    store.guardLease(guarded);
    await delay(1000);
    beBusy(6000);
    assert.equal(await store.keepLease(guarded), true);
    await store.revokeLease(guarded);
    const watched = watchUntil(store, '', first, (first + 2) as Revision);
    await delay(tokenSeconds * 3000);
    await write(store, put('b', 'two', lease));
    await etcd.stop();
    await etcd.start();
    const last = await write(store, put('a', 'three'));
    assert.deepEqual(formatChanges(await watched), [`${first} a=one`, `${first + 1} b=two`, `${last} a=three`]);
    assert.equal(await store.keepLease(lease), true);
    await store.revokeLease(lease);
    assert.deepEqual(
      (await store.list('')).entries.map(({ key }) => key),
      ['a'],
    );
  });

  it('the error of a wrong option names the reason, and is StoreUnavailable', async (t) => {
    const { open } = await startSecured(t);
    const cases: [string, Store, RegExp][] = [
      ['a wrong password', await open({}, { password: 'a guess' }), /invalid user ID or password/],
      ['another prefix', await open({}, { prefix: '/another' }), /permission denied/],
      ['no client certificate', await open({ cert: undefined, key: undefined }), /No connection established/],
      ['an unknown authority', await open({ ca: undefined }), /No connection established/],
    ];
    for (const [what, store, message] of cases) {
      await assert.rejects(
        store.list(''),
        (error) => error instanceof StoreUnavailable && message.test(error.message),
        what,
      );
    }
  });
});
