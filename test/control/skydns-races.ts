// The races between a decision and others who write into the SkyDNS layout. races.test.ts runs them.

import { decidePutForwarder } from '../../src/control/forwarders/put-forwarder.ts';
import { decideMirrorStubZone, type StubServer } from '../../src/control/skydns/mirror-stub-zone.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { parseAddress } from '../../src/model/address.ts';
import type { Forwarder } from '../../src/model/forwarder.ts';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { forwarderKey } from '../../src/store/kinds/forwarder.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Entry } from '../../src/store/store.ts';
import { putZone } from '../support/control-plane.ts';
import type { Race } from './race.ts';
import { erase, putRrset, serialOfZ, write, z } from './steps.ts';

const skydnsZone = putZone(z, { skydns: true });
/** Writes a value of others, and a key of ours: the views notice a revision only by a key that they follow. */
const foreign = (path: string, value: string) => [...write(`/skydns/z/${path}`, value), ...write(serialOfZ)];

const theirs = '{"host":"theirs"}';
const [cname, otherCname] = [putRrset('z', 'a.z', 'CNAME', 'ours.'), putRrset('z', 'a.z', 'CNAME', 'other.')];
/** Changes the CNAME as in a second attempt, after its key was read. `entryAt` returns the entry that was read. */
const afterReading =
  (entryAt: (revision: Revision) => Pick<Entry, 'value' | 'modified'> | undefined): Decide<unknown> =>
  (context) => {
    const [key, read] = ['/skydns/z/a', entryAt(context.views.revision)];
    const entry = read && { key, created: read.modified, ...read };
    return otherCname({ ...context, skydnsKeys: new Map([[key, { entry }]]) });
  };

const skydnsChanges = (kind: string) => `transaction/skydns-changes.ts ${kind}`;

const corp = parseName('corp');
const server = (host: string): StubServer => ({
  zone: z,
  stub: { domain: corp, host, port: 53, key: `/skydns/z/${host}` },
});
const stubs =
  (...servers: StubServer[]): Decide<unknown> =>
  (context) =>
    decideMirrorStubZone(context, { domain: corp, servers });
const [stub, otherStub] = [stubs(server('192.0.2.1')), stubs(server('192.0.2.2'))];
const stubbedZone = putZone(z, { skydns: true, stubZones: true });
const adminsForwarder: Decide<unknown> = (context) => decidePutForwarder(context, forwarderTo('192.0.2.9'), {});
const forwarderTo = (host: string): Forwarder => ({
  zone: corp,
  targets: [{ address: parseAddress(host), port: 53 }],
  strategy: 'first-healthy',
  timeoutMilliseconds: 2_000,
  allowFrom: ['127.0.0.0/8'],
});
const corpZone = putZone(corp, { nameservers: [parseName('ns.example')] });
const mirrorStub = (kind: string) => `skydns/mirror-stub-zone.ts ${kind}`;

export const skydnsRaces: Race[] = [
  {
    guards: [mirrorStub('put')],
    what: 'an admin writes the forwarder of a domain that a stub zone gets',
    given: [stubbedZone],
    first: adminsForwarder,
    second: stub,
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: [mirrorStub('requireAbsent')],
    what: 'a zone is created that a stub zone has the name of',
    given: [stubbedZone],
    first: corpZone,
    second: stub,
    stoppedBy: [zoneKey(corp)],
  },
  {
    guards: [mirrorStub('requireUnchanged')],
    what: 'an admin switches stub zones off while one is taken over',
    given: [stubbedZone],
    first: putZone(z, { skydns: true }),
    second: stub,
    stoppedBy: [zoneKey(z)],
  },
  {
    guards: [mirrorStub('deleteForwarder')],
    what: 'a stub zone changes while it is deleted',
    given: [stubbedZone, stub],
    first: otherStub,
    second: stubs(),
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: ['transaction/transaction-builder.ts delete', 'transaction/transaction-builder.ts deleteForwarder'],
    what: 'a stub zone changes while a zone of its name is created',
    given: [stubbedZone, stub],
    first: otherStub,
    second: corpZone,
    stoppedBy: [forwarderKey(corp)],
  },
  {
    guards: [skydnsChanges('absent')],
    what: 'others write a value at the key of a name that gets a CNAME',
    given: [skydnsZone],
    first: foreign('a', theirs),
    second: cname,
    stoppedBy: ['/skydns/z/a'],
  },
  {
    guards: [skydnsChanges('absent')],
    what: 'others write a value at a key that was read, and was absent',
    given: [skydnsZone, cname, [...erase('/skydns/z/a'), ...write(serialOfZ)]],
    first: foreign('a', theirs),
    second: afterReading(() => undefined),
    stoppedBy: ['/skydns/z/a'],
  },
  {
    guards: [skydnsChanges('value')],
    what: 'others write over a value of ours that is changed',
    given: [skydnsZone, cname],
    first: foreign('a', theirs),
    second: otherCname,
    stoppedBy: ['/skydns/z/a'],
  },
  {
    guards: [skydnsChanges('value')],
    what: 'others write over a value of ours that is deleted',
    given: [skydnsZone, cname],
    first: foreign('a', theirs),
    second: putRrset('z', 'a.z', 'CNAME'),
    stoppedBy: ['/skydns/z/a'],
  },
  {
    guards: [skydnsChanges('modified')],
    what: 'others write over a value of ours that was read',
    given: [skydnsZone, cname, foreign('a', '{"host":"old","owner":"zonewright"}')],
    first: foreign('a', theirs),
    second: afterReading((modified) => ({ value: '{"owner":"zonewright"}', modified })),
    stoppedBy: ['/skydns/z/a'],
  },
  {
    guards: ['transaction/transaction-builder.ts delete'],
    what: 'others change a value that is taken over',
    given: [skydnsZone, foreign('a/1', '{}')],
    first: foreign('a/1', '{"host":"10.0.0.1"}'),
    second: (context) =>
      new TransactionBuilder(context).takeOver('/skydns/z/a/1', context.views.revision).build(undefined),
    stoppedBy: ['/skydns/z/a/1'],
  },
];
