// Reads and writes the SkyDNS layout in a real etcd, as others do: over etcd's HTTP gateway, without our client.

import { askEtcd, type TestEtcd } from './etcd.ts';
import type { Replica } from './replica.ts';
import { until } from './until.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const plain = (text = '') => Buffer.from(text, 'base64').toString();
const endOf = (prefix: string) =>
  `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;

/** Writes a value at a key below `/skydns/`: a string as it is, an object as JSON. */
export async function putForeign(etcd: TestEtcd, path: string, value: object | string): Promise<void> {
  const json = typeof value === 'string' ? value : JSON.stringify(value);
  await askEtcd(etcd.endpoint, '/v3/kv/put', { key: base64(`/skydns/${path}`), value: base64(json) });
}

export async function deleteForeign(etcd: TestEtcd, path: string): Promise<void> {
  await askEtcd(etcd.endpoint, '/v3/kv/deleterange', { key: base64(`/skydns/${path}`) });
}

/** Returns all values below `prefix`: key without the prefix → value. */
export async function layoutOf(etcd: TestEtcd, prefix = '/skydns/'): Promise<Record<string, Record<string, unknown>>> {
  const asked = { key: base64(prefix), range_end: base64(endOf(prefix)) };
  const { kvs = [] } = await askEtcd<{ kvs?: { key: string; value: string }[] }>(etcd.endpoint, '/v3/kv/range', asked);
  return Object.fromEntries(kvs.map(({ key, value }) => [plain(key).slice(prefix.length), JSON.parse(plain(value))]));
}

/** The progress of the layout of a zone, as the API shows it. */
export interface SkydnsProgress {
  phase: string;
  done: number;
  total: number;
  leftOut: { count: number; first: { what: string; reason: string }[] };
  notServed: { count: number; first: { what: string; reason: string }[] };
}

export async function progressOf(replica: Replica, zone: string): Promise<SkydnsProgress | undefined> {
  const { skydnsProgress } = await replica.expect<{ skydnsProgress?: SkydnsProgress }>(200, 'GET', `/v1/zones/${zone}`);
  return skydnsProgress;
}

/** Resolves when all keys of the zone are written. */
export async function untilFollowing(replica: Replica, zone: string): Promise<void> {
  const isFollowing = async () => (await progressOf(replica, zone))?.phase === 'following';
  await until(
    isFollowing,
    `the layout of ${zone} is not written: ${JSON.stringify(await progressOf(replica, zone))}`,
    20_000,
  );
}

/** Deletes all keys that begin with `/skydns/` and this path. */
export async function deleteBelow(etcd: TestEtcd, path: string): Promise<void> {
  const prefix = `/skydns/${path}`;
  await askEtcd(etcd.endpoint, '/v3/kv/deleterange', { key: base64(prefix), range_end: base64(endOf(prefix)) });
}
