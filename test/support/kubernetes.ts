// A real kube-apiserver for tests, on an etcd of its own and on free loopback ports. A test can stop it, start it
// again, compact its etcd and restore an older state. No other part of Kubernetes runs: nobody writes but the test.

import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubernetesApi } from '../../src/interop/kubernetes/client/kubernetes-api.ts';
import { readKubeconfig } from '../../src/interop/kubernetes/client/read-kubeconfig.ts';
import { askEtcd, untilHealthy } from './etcd.ts';
import { freePorts } from './free-port.ts';
import { findGoBuilt } from './go-built.ts';
import { findNewestEtcd } from './newest-etcd.ts';
import { RestartableProcess } from './restartable-process.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

export interface ClusterOptions {
  /** More flags of kube-apiserver. */
  flags?: readonly string[];
  /** The etcd to start. Default: the newest one. */
  etcd?: string | undefined;
}

export interface User {
  token?: string;
  tokenFile?: string;
  'client-certificate'?: string;
  'client-key'?: string;
  exec?: object;
}

export interface TestCluster {
  readonly port: number;
  /** The path of the authority of the server's certificate. */
  readonly ca: string;
  /** The path of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** Writes a kubeconfig for another user, or for a proxy before the server; returns its path. */
  writeKubeconfig(name: string, user: User, port?: number): Promise<string>;
  /** Returns our client, with all rights or with those of this kubeconfig. */
  api(scope: Cleanup, kubeconfig?: string): Promise<KubernetesApi>;
  /** Runs kubectl with all rights; returns what it prints. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** Applies objects with kubectl. */
  apply(...objects: object[]): Promise<void>;
  /** Makes these the tokens that the server takes, each of the user of the same name; the next start reads them. */
  setTokens(...users: string[]): Promise<void>;
  /** Kills the server (SIGKILL). */
  stop(): Promise<void>;
  /** Starts the server again; resolves when it is ready. */
  start(): Promise<void>;
  /** Makes etcd forget all versions but the current one. */
  compact(): Promise<void>;
  /** Saves the state; starts the server again meanwhile. Returns the folder with the state. */
  save(): Promise<string>;
  /** Kills the server and its etcd, and starts both with a saved state. */
  restore(saved: string): Promise<void>;
}

/** The token of a user with all rights. */
const admin = 'admin';

/** A suite's `skip`: false if kube-apiserver, kubectl and the newest etcd were built. Throws under CI if not. */
export function skipWithoutKubernetes(): string | false {
  const missing = [
    ...(['kube-apiserver', 'kubectl'] as const).filter((name) => findGoBuilt(name) === undefined),
    ...(findNewestEtcd() === undefined ? ['etcd'] : []),
  ];
  if (missing.length === 0) return false;
  const reason = `no ${missing.join(', no ')}: \`npm run test:kubernetes\` builds them if there is Go`;
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/** Starts a server without objects. It ends with the scope. */
export async function startCluster(
  scope: Cleanup,
  { flags = [], etcd = findNewestEtcd() }: ClusterOptions = {},
): Promise<TestCluster> {
  const folder = await temporaryFolder(scope);
  const [port, etcdPort, peerPort] = (await freePorts(3)) as [number, number, number];
  const [data, certs, tokens] = ['etcd', 'certs', 'tokens.csv'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const endpoint = `http://127.0.0.1:${etcdPort}`;
  await mkdir(data, { mode: 0o700 });
  const key = join(folder, 'service-accounts.key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const setTokens = (...users: string[]) =>
    writeFile(
      tokens,
      `${admin},admin,admin,"system:masters"\n${users.map((user) => `${user},${user},${user}\n`).join('')}`,
    );
  await setTokens();

  const etcdFlags = [
    ['--data-dir', data],
    ['--listen-client-urls', endpoint],
    ['--advertise-client-urls', endpoint],
    ['--listen-peer-urls', `http://127.0.0.1:${peerPort}`],
    ['--log-level', 'error'],
    ['--log-outputs', 'stderr'],
  ];
  const serverFlags = [
    ['--etcd-servers', endpoint],
    ['--bind-address', '127.0.0.1'],
    ['--advertise-address', '127.0.0.1'],
    ['--secure-port', String(port)],
    ['--cert-dir', certs],
    ['--service-cluster-ip-range', '10.96.0.0/16,fd00:96::/112'],
    ['--service-account-issuer', 'https://kubernetes.default.svc'],
    ['--service-account-key-file', key],
    ['--service-account-signing-key-file', key],
    ['--token-auth-file', tokens],
    ['--authorization-mode', 'RBAC'],
    // Nobody runs here who would make the service accounts that Pods need.
    ['--disable-admission-plugins', 'ServiceAccount'],
    ['--endpoint-reconciler-type', 'none'],
    flags,
  ];
  const store = new RestartableProcess(scope, etcd as string, etcdFlags.flat());
  // Ends before its etcd does.
  const server = new RestartableProcess(scope, findGoBuilt('kube-apiserver') as string, serverFlags.flat());

  const startStore = async () => {
    store.start();
    await untilHealthy(endpoint, () => store.check());
  };
  const start = async () => {
    server.start();
    for (const end = Date.now() + 120_000; !(await isReady(port)); await delay(100)) {
      server.check();
      if (Date.now() > end) throw new Error('kube-apiserver is not ready after 120 s');
    }
  };
  const writeKubeconfig = async (name: string, user: User, portOfServer = port) => {
    const path = join(folder, `${name}.kubeconfig`);
    const cluster = { server: `https://127.0.0.1:${portOfServer}`, 'certificate-authority': ca };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: 'test', user: name } }],
      'current-context': name,
    };
    await writeFile(path, JSON.stringify(config, undefined, 2));
    return path;
  };
  const kubectl = async (args: readonly string[], input?: string) => {
    const running = promisify(execFile)(findGoBuilt('kubectl') as string, ['--kubeconfig', kubeconfig, ...args], {
      env: { ...process.env, HOME: folder },
      maxBuffer: 64 * 2 ** 20,
    });
    running.child.stdin?.end(input);
    return (await running).stdout;
  };
  const ca = join(certs, 'apiserver.crt');
  const kubeconfig = await writeKubeconfig(admin, { token: admin });
  let saves = 0;
  const stopBoth = async () => {
    await server.stop();
    await store.stop();
  };

  await startStore();
  await start();
  return {
    port,
    ca,
    kubeconfig,
    writeKubeconfig,
    kubectl,
    setTokens,
    start,
    stop: () => server.stop(),
    api: async (inScope, path = kubeconfig) => {
      const api = new KubernetesApi(await readKubeconfig(path, { environment: process.env }));
      inScope.after(() => api.close());
      return api;
    },
    apply: async (...objects) => {
      const items = { apiVersion: 'v1', kind: 'List', items: objects };
      await kubectl(['apply', '-f', '-'], JSON.stringify(items));
    },
    compact: async () => {
      const range = await askEtcd<{ header: { revision: string } }>(endpoint, '/v3/kv/range', { key: 'YQ==' });
      await askEtcd(endpoint, '/v3/kv/compaction', { revision: range.header.revision, physical: true });
    },
    save: async () => {
      await stopBoth();
      const saved = join(folder, `saved-${++saves}`);
      await cp(data, saved, { recursive: true });
      await startStore();
      await start();
      return saved;
    },
    restore: async (saved) => {
      await stopBoth();
      await rm(data, { recursive: true });
      await cp(saved, data, { recursive: true });
      await startStore();
      await start();
    },
  };
}

/** Returns whether the server is ready and has made the namespaces that every cluster has. */
async function isReady(port: number): Promise<boolean> {
  const statuses = await Promise.all(['/readyz', '/api/v1/namespaces/default'].map((path) => statusOf(port, path)));
  return statuses.every((status) => status === 200);
}

function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${admin}` };
    const asked = get({
      host: '127.0.0.1',
      port,
      path,
      headers,
      rejectUnauthorized: false,
      agent: false,
      timeout: 5_000,
    });
    asked.on('response', (response) => {
      text(response).catch(() => undefined);
      resolve(response.statusCode);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('close', () => resolve(undefined)).on('error', () => undefined);
  });
}

/** Returns a Service of type LoadBalancer with one port. */
export function loadBalancer(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { type: 'LoadBalancer', ports: [{ port: 8080, protocol: 'TCP' }], selector: { run: name }, ...spec },
  };
}

/** Returns the objects that give a user the rights of a controller that writes only the status of Services. */
export function leastRights(user: string): object[] {
  const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({
    apiGroups: [apiGroup],
    resources,
    verbs,
  });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user };
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: user },
      rules: [
        rule('', ['services'], ['list', 'watch']),
        rule('', ['services/status'], ['patch']),
        rule('events.k8s.io', ['events'], ['create', 'patch']),
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: user },
      roleRef,
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
    },
  ];
}
