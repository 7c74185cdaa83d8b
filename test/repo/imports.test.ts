// The tables of the architecture: the rooms that each room may import, and the file that owns each package.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** The rooms that refuse requests. No other room knows the codes of refusals and their HTTP status. */
const refusing = ['control', 'http'];

/** A room → the rooms that it may import besides itself. */
const rooms: Record<string, string[]> = {
  model: [],
  store: ['model'],
  table: ['model'],
  views: ['model', 'store', 'table'],
  control: ['model', 'store', 'views'],
  'forward-cache': ['model'],
  dns: ['model', 'table', 'forward-cache'],
  backup: ['model', 'store'],
  cluster: ['model', 'store'],
  ledger: ['model', 'store', 'views'],
  forwarding: ['model', 'views', 'control', 'forward-cache', 'dns'],
  interop: ['model', 'store', 'views', 'control', 'cluster'],
  http: ['model', 'store', 'views', 'control', 'dns', 'backup', 'ledger', 'forwarding'],
  cli: ['model', 'backup'],
};

/** A folder of use cases in control → the other folders of use cases that it may import. */
const useCases: Record<string, string[]> = {
  addresses: [],
  allocations: ['addresses', 'csv', 'hosts'],
  csv: [],
  forwarders: [],
  history: [],
  hosts: ['addresses', 'csv'],
  kubernetes: [],
  pools: ['addresses', 'hosts'],
  renumbering: ['addresses', 'hosts'],
  resolvers: [],
  skydns: [],
  tokens: [],
  watch: [],
  'zone-file': ['hosts'],
  zones: ['hosts', 'zone-file'],
};

/**
 * Folders of control that every use case may import. A folder may import those before it in this list. A file beside
 * the folders may import all of control.
 */
const underUseCases = ['input', 'access', 'reading', 'transaction'];

/** The file of the store that other rooms may import. Besides, they may import the kinds of keys and values. */
const storeInterface = 'store/store.ts';
const storedKinds = 'store/kinds/';
/** The folder with the codecs of the kinds. No other room imports from it. */
const codec = 'store/codec/';

/**
 * A package → the file or folder that may import it. SQLite has two owners: the store, and some files of the ledger.
 */
const owners: Record<string, string | string[]> = {
  etcd3: 'store/etcd',
  'node:sqlite': ['store/embedded', 'ledger/sqlite-'],
  '@prisma/adapter-pg': 'ledger/heads/postgresql.ts',
  '@prisma/driver-adapter-utils': 'ledger/sqlite-adapter.ts',
  'node:ffi': 'dns/listen/',
  dns2: 'forwarding/live/ask-server.ts',
  'csv-parse': 'control/csv/',
  'sorted-btree': 'views/sorted-map.ts',
  fastify: 'http/',
  '@fastify/fast-json-stringify-compiler': 'http/lazy-compilers.ts',
  'prom-client': 'http/',
  'ipaddr.js': 'model/address.ts',
  tr46: 'model/international-name.ts',
  yaml: 'interop/kubernetes/client/read-kubeconfig.ts',
  'age-encryption': 'cli/encryption.ts',
  pino: 'main.ts',
  'close-with-grace': 'main.ts',
};

/** Packages of which we use only types. Loading their code would slow down every start (src/model/json-schema.ts). */
const typesOnly = ['typebox', '@fastify/type-provider-typebox'];

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

/** The folder of code that Prisma generates. Only the ledger imports it. */
const generated = 'ledger/generated/';
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.(ts|js)$/.test(file) && !file.startsWith(generated),
);
const imports = files.flatMap((file) => importsIn(file, readFileSync(join(source, file), 'utf8')));

/** Returns all imports of a file: with `from`, only for side effects, and dynamic ones. */
function importsIn(file: string, text: string): Import[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s(type\s)?[^;'"]*?from\s*'([^']+)'|(?:^|\n)\s*import\s*'([^']+)'|\b(?:import|getBuiltinModule|require)\(\s*'([^']+)'/g,
  );
  return [...found].map(([, type, from, effect, dynamic]) => {
    const name = from ?? effect ?? dynamic ?? '';
    const to = name.startsWith('.') ? relative(source, resolve(source, dirname(file), name)) : name;
    return { from: file, to, typeOnly: type !== undefined };
  });
}

function roomOf(file: string): string {
  return file.includes('/') ? (file.split('/')[0] as string) : '';
}

/** Returns the arrows of a table, as `from → to`, that no import needs. */
function unusedArrows(table: Record<string, string[]>, used: ReadonlySet<string>): string[] {
  const arrows = Object.entries(table).flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`));
  return arrows.filter((arrow) => !used.has(arrow));
}

test('every way to import is found', () => {
  const ways = [
    "import { a } from '../x.ts';",
    "export {\n  a,\n} from '../x.ts';",
    "import '../x.ts';",
    "await import('../x.ts');",
    "process.getBuiltinModule('../x.ts');",
  ];
  for (const way of ways)
    assert.deepEqual(
      importsIn('dns/a.ts', way).map(({ to }) => to),
      ['x.ts'],
      way,
    );
});

test('rooms import only what the architecture lets them', () => {
  const wrong = imports.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    // Files that belong to no room, and the launcher of the command, may import all rooms.
    if (room === '' || !to.endsWith('.ts') || from === 'cli/zonewright.js') return false;
    if (to === 'errors.ts') return !refusing.includes(room);
    if (target === room) return false;
    return !rooms[room]?.includes(target);
  });
  assert.deepEqual(wrong, []);
});

test('every arrow of the table of rooms is used', () => {
  const used = new Set(imports.map(({ from, to }) => `${roomOf(from)} → ${roomOf(to)}`));
  assert.deepEqual(unusedArrows(rooms, used), [], 'the tables allow imports that no file has');
});

test('the folders of control import one another in one direction, and use every arrow', () => {
  const folderOf = (file: string) => /^control\/([^/]+)\//.exec(file)?.[1];
  const mayImport = (folder: string) => {
    const place = underUseCases.indexOf(folder);
    return place >= 0 ? underUseCases.slice(0, place) : [...underUseCases, ...(useCases[folder] ?? [])];
  };
  const used = new Set<string>();
  const wrong = imports.filter(({ from, to }) => {
    const [folder, target] = [folderOf(from), folderOf(to)];
    if (folder === undefined || roomOf(to) !== 'control' || target === folder) return false;
    used.add(`${folder} → ${target}`);
    return target === undefined || !mayImport(folder).includes(target);
  });
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    [...new Set(files.map(folderOf))].filter((folder) => folder !== undefined).sort(),
    [...underUseCases, ...Object.keys(useCases)].sort(),
  );
  assert.deepEqual(unusedArrows(useCases, used), [], 'the tables allow imports that no file has');
});

test('every room has its row', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => room !== '' && rooms[room] === undefined),
    [],
  );
});

test('other rooms import only the interface and the kinds of the store', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      roomOf(to) === 'store' &&
      !['store', ''].includes(roomOf(from)) &&
      to !== storeInterface &&
      !to.startsWith(storedKinds),
  );
  assert.deepEqual(wrong, []);
});

test('forwarding imports from dns only the messages and the interface of a socket to a server', () => {
  const ofDns = imports.filter(({ from, to }) => roomOf(from) === 'forwarding' && roomOf(to) === 'dns');
  assert.deepEqual(
    ofDns.filter(({ to, typeOnly }) => !to.startsWith('dns/wire/') && !(typeOnly && to === 'dns/ask/server-socket.ts')),
    [],
  );
});

test('the kinds of keys and values import the model, and nothing else of the store', () => {
  const isOfKinds = (file: string) => file.startsWith(storedKinds) || file.startsWith(codec);
  const ofKinds = imports.filter(({ from }) => isOfKinds(from));
  assert.ok(ofKinds.length > 20);
  const wrong = ofKinds.filter(({ to }) => roomOf(to) === 'store' && !isOfKinds(to));
  assert.deepEqual(wrong, []);
});

test('the Kubernetes client imports only the model', () => {
  const ofClient = imports.filter(({ from }) => from.startsWith('interop/kubernetes/client/'));
  assert.ok(ofClient.length > 0);
  const wrong = ofClient.filter(
    ({ to }) => to.endsWith('.ts') && roomOf(to) !== 'model' && !to.startsWith('interop/kubernetes/client/'),
  );
  assert.deepEqual(wrong, []);
});

test('packages have one owner', () => {
  assert.deepEqual(
    Object.keys(owners).filter((name) => !imports.some(({ to }) => to === name)),
    [],
    'a package that no file imports',
  );
  const wrong = imports.filter(({ from, to, typeOnly }) => {
    const places = [owners[to] ?? []].flat();
    return places.length > 0 && !places.some((place) => from.startsWith(place)) && !(typeOnly && from === 'app.ts');
  });
  assert.deepEqual(wrong, []);
});

test('packages of which we use only types are not loaded', () => {
  assert.deepEqual(
    imports.filter(({ to, typeOnly }) => typesOnly.some((name) => to.startsWith(name)) && !typeOnly),
    [],
  );
});

test('only config.ts reads the environment', () => {
  // The folder of Node's compile cache is not one of our settings.
  const readers = ['config.ts', 'cli/compile-cache.js'];
  const wrong = files.filter(
    (file) => !readers.includes(file) && /process\.env\b/.test(readFileSync(join(source, file), 'utf8')),
  );
  assert.deepEqual(wrong, []);
});

test('no file imports itself through others, not even for a type', () => {
  const graph = new Map<string, string[]>();
  for (const { from, to } of imports) graph.set(from, [...(graph.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    assert.ok(!path.includes(file), `a cycle: ${[...path, file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
});
