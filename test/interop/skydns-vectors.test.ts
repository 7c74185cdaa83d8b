// We answer the 49 test cases of CoreDNS for its etcd plugin (skydns-vectors.json) from the same values in etcd. Each
// answer equals that of the case, or skydns-differences.ts has our answer and the RFC that requires it.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { Message } from 'dns-packet';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { deleteBelow, putForeign, untilFollowing } from '../support/skydns.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { differences } from './skydns-differences.ts';

/** A record in the form of CoreDNS' tests. The other fields depend on its type. */
interface ExpectedRecord extends Record<string, unknown> {
  name: string;
  type: string;
  ttl: number | null;
}

interface Group {
  id: string;
  zones: string[];
  /** A key without `/skydns/` → its value. */
  values: Record<string, object>;
  cases: {
    question: { name: string; type: string };
    rcode: string;
    answer?: ExpectedRecord[];
    authority?: ExpectedRecord[];
    additional?: ExpectedRecord[];
  }[];
}

const file = new URL('skydns-vectors.json', import.meta.url);
const { groups } = JSON.parse(await readFile(file, 'utf8')) as { groups: Group[] };
const fields = {
  A: ['address'],
  AAAA: ['address'],
  CNAME: ['target'],
  NS: ['target'],
  PTR: ['target'],
  MX: ['preference', 'exchange'],
  SRV: ['priority', 'weight', 'port', 'target'],
  SOA: ['mname'],
  TXT: ['text'],
} as Record<string, string[]>;

const withoutDot = (text: unknown) => String(text).replace(/\.$/, '').toLowerCase();

/** Returns the lines of an expected answer: the rcode, then the records of each section, sorted. */
function expectedLines({ rcode, answer = [], authority = [], additional = [] }: Group['cases'][number]): string[] {
  const lines = (section: string, records: ExpectedRecord[]) =>
    records.map(({ name, type, ttl, ...record }) => {
      const rdata = (fields[type] ?? []).map((field) => withoutDot(record[field])).join(' ');
      return `${section} ${withoutDot(name)} ${ttl ?? '*'} ${type} ${rdata}`;
    });
  return [rcode, ...lines('AN', answer), ...lines('NS', authority), ...lines('AR', additional)].sort();
}

/** Returns the lines of our answer, with `*` for TTLs that the expected lines leave open. */
function actualLines(message: Message, anyTtl: boolean): string[] {
  const { rcode, answers = [], authorities = [], additionals = [] } = message;
  const lines = (section: string, records: typeof answers) =>
    records
      .filter(({ type }) => type !== 'OPT')
      .map((record) => {
        const { name, type, data } = record as { name: string; type: string; data: unknown };
        const ttl = anyTtl ? '*' : (record as { ttl: number }).ttl;
        return `${section} ${withoutDot(name)} ${ttl} ${type} ${rdataOf(type, data)}`;
      });
  return [rcode, ...lines('AN', answers), ...lines('NS', authorities), ...lines('AR', additionals)].sort();
}

function rdataOf(type: string, data: unknown): string {
  if (type === 'TXT') return [data].flat().map(String).join('').toLowerCase();
  if (typeof data !== 'object' || data === null) return withoutDot(data);
  return (fields[type] ?? []).map((field) => withoutDot((data as Record<string, unknown>)[field])).join(' ');
}

suite("CoreDNS' test cases", { skip: skipWithoutEtcd() }, () => {
  let etcd: TestEtcd;
  let replica: Replica;
  const cleanups: (() => unknown)[] = [];
  const zones = [...new Set(groups.flatMap((group) => group.zones))];

  before(async () => {
    etcd = await startEtcd();
    const scope = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) };
    const flags = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint];
    replica = await startReplica(scope, await temporaryFolder(scope), flags);
    for (const name of zones) {
      // CoreDNS makes up this SOA. The cases have the addresses of these nameservers.
      const soa = { mname: `ns.dns.${name}`, ttl: 30 };
      const nameservers = ['a', 'b', 'c'].map((label) => `${label}.ns.dns.${name}`);
      await replica.expect(201, 'POST', '/v1/zones', { name, skydns: true, soa, nameservers });
    }
    for (const name of zones) await untilFollowing(replica, name);
  });

  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    await etcd?.close();
  });

  for (const { id, values, cases } of groups) {
    test(id, async (t) => {
      for (const [key, value] of Object.entries(values)) await putForeign(etcd, key, value);
      for (const [index, one] of cases.entries()) {
        const { name, type } = one.question;
        const difference = differences[`${id} ${index}`];
        await t.test(`${name} ${type}${difference === undefined ? '' : `: ${difference.why}`}`, async () => {
          const theirs = expectedLines(one);
          const expected = difference === undefined ? theirs : [...difference.ours].sort();
          const anyTtl = expected.some((line) => line.includes(' * '));
          let last: string[] = [];
          const asks = async () => {
            last = actualLines(await replica.ask(name, type), anyTtl);
            return isDeepStrictEqual(last, expected);
          };
          await until(asks, '', 3000).catch(() => assert.deepEqual(last, expected));
          if (difference !== undefined)
            assert.notDeepEqual(last, theirs, 'our answer is that of the case, so this is no difference');
        });
      }
      await deleteBelow(etcd, '');
    });
  }

  test('every documented difference belongs to a case', () => {
    const all = groups.flatMap(({ id, cases }) => cases.map((_, index) => `${id} ${index}`));
    assert.equal(all.length, 49);
    assert.deepEqual(
      Object.keys(differences).filter((key) => !all.includes(key)),
      [],
    );
  });
});
