// Measures a change of a zone's default TTL that many hosts follow: the time of the whole work and of its longest
// slices, as CPU time of the main thread in milliseconds. Run it with `npm run bench:default-ttl [hosts…]`.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAddress } from '../src/model/address.ts';
import { type Fqdn, parseName } from '../src/model/name.ts';
import type { RecordType } from '../src/model/rdata/record-types.ts';
import type { Revision } from '../src/model/revision.ts';
import { zoneDefaults } from '../src/model/zone.ts';
import { hostKey, hostValue } from '../src/store/kinds/host.ts';
import { nameKey, nameValue } from '../src/store/kinds/name.ts';
import { zoneKey, zoneValue } from '../src/store/kinds/zone.ts';
import type { Entry } from '../src/store/store.ts';
import { createTable } from '../src/table/table.ts';
import { createTableWriter } from '../src/table/writer.ts';
import { Views } from '../src/views/views.ts';

const sizes = process.argv.slice(2).map(Number);
const zone = parseName('example.com');
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

for (const hosts of sizes.length > 0 ? sizes : [10_000, 1_000_000]) await measure(hosts);

async function measure(hosts: number): Promise<void> {
  const views = new Views(createTableWriter(createTable()), () => ({ label: 'bench', addresses: [] }), silent);
  const hostEntries = cpuOf(() => {
    views.beginLoad();
    for (let i = 0; i < hosts; i += 1) views.load(hostEntry(nameOf(i)));
  });
  const nameEntries = cpuOf(() => {
    for (let i = 0; i < hosts; i += 1) views.load(nameEntry(nameOf(i)));
    views.load(zoneEntry(1, 300));
    views.endLoad(1 as Revision);
  });
  globalThis.gc?.();
  const slices: number[] = [];
  let applied: Promise<void> | undefined;
  slices.push(
    cpuOf(() => {
      applied = views.apply({ revision: 2 as Revision, events: [{ kind: 'put', entry: zoneEntry(2, 60) }] });
    }),
  );
  for (let before = cpu(); views.applying; before = cpu()) {
    await nextTurn();
    slices.push(cpu() - before);
  }
  await applied;
  const whole = slices.reduce((sum, one) => sum + one, 0);
  const longest = slices.toSorted((a, b) => b - a).slice(0, 3);
  console.log(
    `${hosts} hosts: loaded in ${hostEntries.toFixed(0)} ms, their names in ${nameEntries.toFixed(0)} ms; ` +
      `followed in ${whole.toFixed(0)} ms, in ${slices.length} slices, the longest ${longest.map((one) => one.toFixed(1)).join(', ')} ms`,
  );
}

/** Returns the CPU time of this thread, in milliseconds. */
function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function cpuOf(work: () => void): number {
  const before = cpu();
  work();
  return cpu() - before;
}

function nameOf(i: number): Fqdn {
  return parseName(`host-${i}.example.com`);
}

function entry(key: string, value: string, modified = 1): Entry {
  return { key, value, created: modified as Revision, modified: modified as Revision };
}

function hostEntry(name: Fqdn): Entry {
  const host = { name, zone, addresses: [{ address: parseAddress('10.0.0.1'), givenBy: null, space: 'default' }] };
  const rest = { aliases: [], ttl: null, ptr: false, owner: '', tags: {}, createdAt: '2026-01-01T00:00:00Z' };
  return entry(hostKey(name), hostValue.encode({ ...host, ...rest }));
}

function nameEntry(name: Fqdn): Entry {
  const rrset = { type: 'A' as RecordType, ttl: 300, records: ['10.0.0.1'], manager: 'host' as const };
  return entry(nameKey(zone, 1, name), nameValue.encode({ name, rrsets: [rrset] }));
}

function zoneEntry(modified: number, defaultTtl: number): Entry {
  return entry(zoneKey(zone), zoneValue.encode({ name: zone, ...zoneDefaults, defaultTtl }), modified);
}
