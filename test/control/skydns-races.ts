// The races between a decision and others who write into the SkyDNS layout. races.test.ts runs them.

import type { Decide } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import type { Revision } from '../../src/model/revision.ts';
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
    return otherCname({ ...context, layout: new Map([[key, { entry }]]) });
  };

const skydnsChanges = (kind: string) => `transaction/skydns-changes.ts ${kind}`;

export const skydnsRaces: Race[] = [
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
