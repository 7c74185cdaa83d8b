// The guide in the description of the API: how to use each operation, and an example. The examples work when they are
// run unchanged in the order of the README, then of the page /docs (test/http/docs-page.test.ts).

interface Told {
  /** Absent if the schema of the route has a description. */
  text?: string;
  /** The values of the parameters in the path. */
  path?: Record<string, string>;
  /** The values of the query parameters that the example uses. */
  query?: Record<string, unknown>;
  body?: unknown;
}

const pool = 'default';
const zone = 'foowidgets.k8s';
const nginx = `nginx.${zone}`;
const db = `db.${zone}`;
const rack = 'rack-7';
const split = 'rack-8';
const spare = 'spare';
const spareZone = 'spare.k8s';
const team = 'team-a';

/** By `operationId`. */
export const guide: Record<string, Told> = {
  createPool: {
    text: 'Only `name` and `ranges` are needed. Ranges of one space never overlap.',
    body: { name: pool, ranges: ['172.17.200.100-172.17.200.125'] },
  },
  listPools: { text: 'In the order of their names, each with its usage.' },
  putPool: {
    text: 'Settings that the request leaves out get their defaults. `If-None-Match: *` only creates.',
    path: { pool: spare },
    body: { ranges: ['10.9.0.0/24'], allowFirstLast: false },
  },
  readPool: { text: 'With its current usage, as decimal strings.', path: { pool } },
  patchPool: {
    text: 'Fields that the request leaves out stay as they are; null sets the default. Another `name` renames the pool.',
    path: { pool: spare },
    body: { drain: true },
  },
  carvePool: {
    text: 'The first aligned block of this length in which nothing is in use. The pool around it gives none of its addresses until the new pool is deleted. Only requests that name the new pool get its addresses, unless `autoAssign` is true.',
    path: { pool },
    body: { name: rack, prefixLength: 30 },
  },
  splitPool: {
    text:
      'In one write, however many addresses are in use: their holders keep them. The new pool has the settings of the pool and its exclusions in these ranges. ' +
      'Tokens that are limited to the pool get the new one too.',
    path: { pool },
    body: { name: split, ranges: ['172.17.200.124-172.17.200.125'] },
  },
  mergePools: {
    text:
      'In one write: the holders of `from` keep their addresses. The settings of the pool in the path stay, and its exclusions and those of `from` are joined. ' +
      'Both pools must have the same space and the same `parent`, or `from` was carved out of the pool.',
    path: { pool },
    body: { from: split },
  },
  deletePool: {
    text: 'Refused while addresses are in use, unless `force` releases them: then the answer lists who lost which address, and which hosts are deleted.',
    path: { pool: spare },
  },
  renumberPool: {
    text:
      'The old pool drains from now on, and stays so. Each host moves in one transaction, with its PTRs: at every revision it has all of its old addresses or all of its ' +
      'new ones. If the replica that moves them dies, another one goes on. A holder that cannot be moved is skipped, and named in the outcome. ' +
      'With `dryRun`, the answer is the plan.',
    path: { pool: rack },
    body: { to: pool },
  },
  readRenumbering: {
    text: 'The outcome stays until the next renumbering of the pool, or until it is deleted.',
    path: { pool: rack },
  },
  stopRenumbering: {
    text: 'Holders that have moved keep their new addresses. The pool goes on draining: PATCH `"drain": false` ends that.',
    path: { pool: rack },
  },
  nextAddresses: {
    text: 'The addresses are not reserved: to get them, allocate them or create a host.',
    path: { pool },
    query: { count: 3 },
  },
  createZone: {
    text: 'Only `name` is needed. Reverse zones are zones too: `17.172.in-addr.arpa`.',
    body: { name: zone },
  },
  listZones: { text: 'In canonical order (RFC 4034 §6.1).' },
  putZone: {
    text: 'Settings that the request leaves out get their defaults. `If-None-Match: *` only creates.',
    path: { zone: spareZone },
    body: { defaultTtl: 600 },
  },
  readZone: { text: 'With the serial of the SOA that DNS answers.', path: { zone } },
  patchZone: {
    text: 'Fields that the request leaves out stay as they are; null sets the default.',
    path: { zone: spareZone },
    body: { soa: { negativeTtlSeconds: 60 } },
  },
  deleteZone: {
    text: 'Refused while the zone has hosts, unless `force` deletes them too.',
    path: { zone: spareZone },
  },
  createHost: {
    text: 'Only `name` is needed: the host gets the next free address. When the answer arrives, DNS answers the name, the aliases and the PTR of the host.',
    body: { name: nginx, aliases: [`www.${zone}`] },
  },
  createHosts: {
    text:
      'Each host is created by itself, and has its own result: a host that is refused is no fault of the others. With `atomic`, all are created in one ' +
      'transaction, or none: this is for few hosts, and the refusal of more says how many one transaction has room for.',
    body: { hosts: [{ name: `a.${zone}` }, { name: `b.${zone}`, owner: 'team-a' }] },
  },
  importHosts: {
    query: { mode: 'put' },
    body: `name,addresses,owner,tags.app\nweb1.${zone},172.17.200.120,team-a,web\nweb2.${zone},172.17.200.121,team-a,web\n`,
  },
  listHosts: {
    text: 'In canonical order (RFC 4034 §6.1). A host is listed if it matches all filters.',
    query: { limit: 10 },
  },
  putHost: {
    text: 'A host that exists keeps its addresses, unless the request asks for others.',
    path: { name: db },
    body: { addresses: ['172.17.200.110'] },
  },
  readHost: { text: 'With its addresses, and the names of their PTRs.', path: { name: db } },
  patchHost: {
    text: 'Fields that the request leaves out stay as they are. Another `name` renames the host; other `addresses` or `pool` move it.',
    path: { name: db },
    body: { owner: 'team-a', tags: { app: 'postgres' } },
  },
  swapHosts: {
    text: 'DNS answers both hosts with the new addresses at once, and the PTRs follow. A repeated request exchanges the addresses back, unless it has the same `Idempotency-Key`.',
    path: { name: `a.${zone}` },
    body: { with: `b.${zone}` },
  },
  deleteHost: {
    text: 'When the answer arrives, DNS no longer answers the names of the host. The answer is 200 with warnings if CNAME records still point to these names.',
    path: { name: nginx },
  },
  listRRsets: {
    text: 'In the order of their names, with the SOA and NS that come from the settings of the zone.',
    path: { zone },
  },
  patchRRsets: {
    text: 'Empty `records` deletes an RRset. `If-Match` takes the entity tag of the list: the request is refused if a record of the zone has changed since.',
    path: { zone },
    body: [{ name: '_sip._tcp', type: 'SRV', ttl: 300, records: ['10 60 5060 sip.example.com.'] }],
  },
  putRRset: {
    text: 'All records of one type at a name, in presentation form. Records of a host are changed through the host.',
    path: { zone, name: '@', type: 'MX' },
    body: { records: ['10 mail.example.com.'] },
  },
  readRRset: { text: 'The records as DNS answers them.', path: { zone, name: '@', type: 'MX' } },
  deleteRRset: {
    text: 'Records of a host are deleted with the host. The answer is 200 with warnings if CNAME records are left pointing at a name without addresses.',
    path: { zone, name: '@', type: 'MX' },
  },
  exportZoneFile: {
    path: { zone },
  },
  importZoneFile: {
    path: { zone },
    body: `$ORIGIN ${zone}.\n$TTL 300\nmail  A    192.0.2.25\n@     MX   10 mail\n`,
  },
  readSkydns: {
    text: 'The orphans of external-dns (ownership records whose records no longer exist), and the stub zones. `skydnsProgress` of the zone shows the progress of the layout, and the keys that are not served.',
    path: { zone },
  },
  adoptZone: {
    text: 'The values of other programs become records of the zone, with keys of this service in the layout. Stop those programs first: they can no longer change these records. A repeated request does nothing.',
    path: { zone },
  },
  sweepSkydns: {
    text: 'Deletes the orphans that `GET …/skydns` lists.',
    path: { zone },
  },
  listForwarding: {
    text: 'In the order of the names of the zones. To check their health, the targets are asked for one zone: of the zones in this page of the list, the one that changed last.',
  },
  readForwarding: {
    text: 'The targets are the replicas that are alive. Each is asked for the zone at the address that it advertises. The reverse zones are those that have PTRs of the hosts of the zone, and the automatic ones that overlap the ranges of their pools.',
    path: { zone },
  },
  renderForwarding: {
    text: 'With the reverse zones, and only with targets that answer. `part` returns one of several files.',
    path: { zone, resolver: 'bind' },
  },
  renderForwardingOfZones: {
    text: 'For all zones that the token may see, or for those in `zones`. With their reverse zones, and only with targets that answer.',
    path: { resolver: 'unbound' },
    query: { zones: zone },
  },
  putResolver: {
    text: 'A resolver of the company that operators may ask (`verify`). `If-None-Match: *` only creates.',
    path: { name: 'office' },
    body: { address: '127.0.0.1', port: 5300, kind: 'unbound' },
  },
  listResolvers: { text: 'In the order of their names.' },
  readResolver: { text: 'To ask the resolver itself, use `verify` of a zone.', path: { name: 'office' } },
  deleteResolver: {
    text: 'Operators can no longer verify it. The resolver itself is not changed.',
    path: { name: 'office' },
  },
  putForwarder: {
    text: 'Questions for the zone from clients in `allowFrom` are forwarded to `targets`. `If-None-Match: *` only creates.',
    path: { zone: 'corp.example' },
    body: { targets: ['127.0.0.1:5301', '127.0.0.1:5302'], allowFrom: ['127.0.0.0/8', '10.0.0.0/8'] },
  },
  listForwarders: { text: 'In the order of their names.' },
  readForwarder: {
    text: 'With the health of each target and the size of the cache, both as this replica has them.',
    path: { zone: 'corp.example' },
  },
  listCachedAnswers: {
    text: 'At most 100, from the cache of this replica. `name` shows only the answers for one name.',
    path: { zone: 'corp.example' },
  },
  emptyForwarderCache: {
    text: 'At every replica; the others follow within a moment. `name` removes only the answers for one name.',
    path: { zone: 'corp.example' },
  },
  deleteForwarder: {
    text: 'Questions for the zone are no longer forwarded. They are refused, unless a zone or a forwarder above it answers.',
    path: { zone: 'corp.example' },
  },
  allocateAddresses: {
    text: 'For addresses that need no name. Without `addresses`: the next free ones.',
    path: { pool },
    body: { count: 2, owner: 'rack 7' },
  },
  importAllocations: {
    path: { pool },
    query: { mode: 'put' },
    body: 'address,owner,tags.use\n172.17.200.122,rack 7,ilo\n172.17.200.123,rack 7,switch\n',
  },
  listAllocations: { text: 'With the addresses of hosts, and those that cool down.', path: { pool } },
  readAddress: { text: 'Held, cooling down, recorded or free.', path: { ip: '172.17.200.100' } },
  changeAllocation: {
    text: 'Renews an allocation, or changes its owner, sharing key, ports or tags. `id` is in the answer to the allocation; `@` stands for the only holder. A host is changed as a host.',
    path: { ip: '172.17.200.101', id: '@' },
    body: { expiresInSeconds: 86400, tags: { rack: '7' } },
  },
  releaseAddress: {
    text: 'The address of a host is released with the host. For an address that only records name (`recorded`), the refusal names these records.',
    path: { ip: '172.17.200.101' },
  },
  listEvents: {
    text: 'In the order of the revisions, the newest first. `subject` and `kind` are the `name` and the `resource` of events.',
    query: { kind: 'host', limit: 10 },
  },
  readHostHistory: { text: 'A deleted host still has its history.', path: { name: nginx } },
  readAddressHistory: {
    text: 'An address that is no longer in a pool still has its history. `at` tells who had the address at that time.',
    path: { ip: '172.17.200.100' },
  },
  readPoolUsage: {
    text: 'Without parameters the last day in 100 steps. If nothing is known of a family in a step, the step leaves the family out.',
    path: { pool },
    query: { step: 900 },
  },
  createToken: {
    text: 'For a team or a program. Requests beyond its role and scope are refused. Only this answer shows the token itself.',
    body: { name: team, role: 'operator', zones: [zone], pools: [pool] },
  },
  listTokens: { text: 'In the order of their ids, without their secrets.' },
  rotateToken: {
    text: 'This replica refuses the old secret at once, the others within a second. The rights of the token stay. If the token has an expiry, its lifetime begins again.',
    path: { id: team },
  },
  readToken: { text: 'With the hour of its last use.', path: { id: team } },
  deleteToken: { text: 'Every replica refuses the token within a second.', path: { id: team } },
  checkHealth: { text: 'For a supervisor: restart the process if there is no answer.' },
  checkReadiness: { text: 'For a load balancer: send no requests while the answer is 503.' },
  readMetrics: { text: 'In the text format of Prometheus. The values are at most a second old.' },
  readBackup: {},
  watchChanges: {
    text:
      'The stream begins with an event `start`. Each revision of the store that changes resources is one message. Its `id` is ' +
      'the revision. `after` is the resource as a read shows it (null: deleted), without the usage of a pool and the serial of a zone. ' +
      'The last event, `end`, has a `reason`. The example ends after two seconds; without `forSeconds`, a stream has no end.',
    query: { forSeconds: 2 },
  },
  listMembers: { text: 'The replicas with a valid lease: a replica that no longer runs disappears within seconds.' },
};
