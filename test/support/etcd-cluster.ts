// An etcd cluster of three members for tests, on loopback. A test can kill a member, or cut it off from the others
// while clients still reach it. Members reach each other through proxies of ours. A lone etcd: etcd.ts.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { askEtcd, findEtcd, untilHealthy } from './etcd.ts';
import { freePorts } from './free-port.ts';
import { findNewestEtcd, newestEtcdVersion } from './newest-etcd.ts';
import { RestartableProcess } from './restartable-process.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';
import { until } from './until.ts';

export interface EtcdMember {
  /** `http://127.0.0.1:port`, for clients. */
  readonly endpoint: string;
  /** Kills the member (SIGKILL). Its data stay. */
  stop(): Promise<void>;
  /** Starts the member again; resolves when it follows a leader. */
  start(): Promise<void>;
  /** Cuts this member off from the others, until {@link rejoin}. Clients still reach it. */
  cutOff(): void;
  rejoin(): void;
}

export interface EtcdCluster {
  readonly members: readonly [EtcdMember, EtcdMember, EtcdMember];
  readonly endpoints: string[];
  /** Resolves with the member that a majority follows. */
  leader(): Promise<EtcdMember>;
}

export interface EtcdVersion {
  name: string;
  binary: string;
  skip: string | false;
}

/** Each etcd that the cluster's tests run on. Throws under CI if one is missing. */
export const etcdVersions: EtcdVersion[] = [
  version('installed etcd', findEtcd(), 'install etcd-server or set ZONEWRIGHT_TEST_ETCD'),
  version(
    `etcd ${newestEtcdVersion}`,
    findNewestEtcd(),
    '`npm test` builds it if there is Go; or set ZONEWRIGHT_TEST_NEWEST_ETCD',
  ),
];

function version(name: string, binary: string | undefined, wayOut: string): EtcdVersion {
  if (binary !== undefined) return { name, binary, skip: false };
  const skip = `no ${name}: ${wayOut}`;
  if (process.env.CI === 'true') throw new Error(skip);
  return { name, binary: '', skip };
}

interface Status {
  header: { member_id: string };
  leader?: string;
}

/** Starts a new, empty cluster, which ends with the scope; resolves when every member follows a leader. */
export async function startEtcdCluster(scope: Cleanup, binary: string): Promise<EtcdCluster> {
  const folder = await temporaryFolder(scope);
  const ports = await freePorts(6);
  const links = new PeerLinks();
  scope.after(() => links.close());
  const proxies = await Promise.all(ports.slice(3).map((port, number) => links.open(number, port)));
  const initialCluster = proxies.map((port, number) => `m${number}=http://127.0.0.1:${port}`).join();
  const members = ports.slice(0, 3).map((clientPort, number) => {
    const endpoint = `http://127.0.0.1:${clientPort}`;
    const settings = [
      ['--name', `m${number}`],
      ['--data-dir', join(folder, `m${number}`)],
      ['--initial-cluster', initialCluster],
      ['--initial-advertise-peer-urls', `http://127.0.0.1:${proxies[number]}`],
      ['--listen-peer-urls', `http://127.0.0.1:${ports[3 + number]}`],
      ['--listen-client-urls', endpoint],
      ['--advertise-client-urls', endpoint],
      // These are etcd's defaults.
      ['--heartbeat-interval', '100'],
      ['--election-timeout', '1000'],
      ['--log-level', 'error'],
      ['--log-outputs', 'stderr'],
    ];
    const process = new RestartableProcess(scope, binary, settings.flat());
    const member: EtcdMember = {
      endpoint,
      start: async () => {
        process.start();
        await untilHealthy(endpoint, () => process.check());
        links.identify(number, (await askEtcd<Status>(endpoint, '/v3/maintenance/status', {})).header.member_id);
      },
      stop: () => process.stop(),
      cutOff: () => links.cutOff(number),
      rejoin: () => links.rejoin(),
    };
    return member;
  });
  await Promise.all(members.map((member) => member.start()));
  const endpoints = members.map(({ endpoint }) => endpoint);
  return {
    members: members as [EtcdMember, EtcdMember, EtcdMember],
    endpoints,
    leader: async () => {
      let leader: EtcdMember | undefined;
      await until(async () => {
        const statuses = await Promise.all(
          endpoints.map((endpoint) => askEtcd<Status>(endpoint, '/v3/maintenance/status', {}).catch(() => undefined)),
        );
        leader = members.find((_, number) => {
          const id = statuses[number]?.header.member_id;
          return id !== undefined && statuses.filter((status) => status?.leader === id).length >= 2;
        });
        return leader !== undefined;
      }, 'the cluster has no leader');
      return leader as EtcdMember;
    },
  };
}

interface Link {
  near: Socket;
  far: Socket;
  target: number;
  /** The id, in hexadecimal, of the member that opened the connection; undefined if the connection does not name it. */
  source: string | undefined;
}

/**
 * The proxies before each member's peer port. A connection of etcd's peers names the member that opens it
 * (`X-Server-From`). While a member is cut off, only connections between the other two pass octets. A connection that
 * does not name its member passes none.
 */
class PeerLinks {
  readonly #links = new Set<Link>();
  readonly #servers: ReturnType<typeof createServer>[] = [];
  readonly #ids = new Map<number, string>();
  #cut: number | undefined;

  /** Opens the proxy before one member's peer port, and returns the port of the proxy. */
  async open(target: number, targetPort: number): Promise<number> {
    const server = createServer((near) => {
      near.on('error', () => undefined);
      near.once('data', (head) => {
        const [, source] = /^X-Server-From: *([0-9a-f]+)/im.exec(head.toString('latin1')) ?? [];
        const far = connect(targetPort, '127.0.0.1');
        const link: Link = { near, far, target, source };
        this.#links.add(link);
        far.on('error', () => undefined);
        far.on('close', () => near.destroy());
        near.on('close', () => {
          far.destroy();
          this.#links.delete(link);
        });
        if (!this.#passes(link)) return silence(link);
        far.write(head);
        near.pipe(far);
        far.pipe(near);
      });
    });
    server.listen(0, '127.0.0.1');
    this.#servers.push(server);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return address.port;
  }

  /**
   * Notes a member's id. `id` is decimal, as etcd's gateway writes it. It is kept in hexadecimal, as `X-Server-From`
   * has it.
   */
  identify(member: number, id: string): void {
    this.#ids.set(member, BigInt(id).toString(16));
  }

  cutOff(member: number): void {
    this.#cut = member;
    for (const link of this.#links) if (!this.#passes(link)) silence(link);
  }

  /** Ends the connections that were silenced. The members open new ones. */
  rejoin(): void {
    const silenced = [...this.#links].filter((link) => !this.#passes(link));
    this.#cut = undefined;
    for (const { near } of silenced) near.destroy();
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const { near } of this.#links) near.destroy();
  }

  #passes({ target, source }: Link): boolean {
    if (this.#cut === undefined) return true;
    return target !== this.#cut && source !== undefined && source !== this.#ids.get(this.#cut);
  }
}

/** Passes on no more octets and keeps the connection open, like a network that is cut. */
function silence({ near, far }: Link): void {
  for (const socket of [near, far]) socket.unpipe().pause();
}
