// Reads a kubeconfig: the server, the authorities and the credentials of one context. The file, the files that it names
// and the exec plugin are read and run again as cluster-access.ts says, so that all of them may rotate. What we do not
// support is refused with the name of its field. In a Pod: in-cluster.ts.

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkAuthorities, checkCertificate } from '../../../model/pem.ts';
import { messageOf } from '../../../model/thrown.ts';
import { type ClusterAccess, type Credentials, RereadAccess } from './cluster-access.ts';
import { type ClusterInfo, ExecPlugin } from './exec-plugin.ts';
import { KubeconfigSection } from './kubeconfig-section.ts';
import { tlsOptions } from './tls-options.ts';

export interface KubeconfigOptions {
  /** Default: the current context of the file. */
  context?: string | undefined;
  /** The environment that an exec plugin gets. Default: empty, so a plugin has no PATH. */
  environment?: Readonly<Record<string, string | undefined>>;
}

/** Larger files are no kubeconfigs. */
const maxBytes = 4_194_304;

/** The fields of a user and of a cluster that we refuse, each with the way out. */
const unsupportedOfUser = {
  'auth-provider': 'is not supported: use exec',
  username: 'is not supported: API servers have not taken passwords since 1.19',
  password: 'is not supported: API servers have not taken passwords since 1.19',
  as: 'is not supported: use the credentials of the user itself',
};
const unsupportedOfCluster = { 'proxy-url': 'is not supported: the API server must be reachable without a proxy' };

/**
 * Reads the kubeconfig. Rejects with a message that names the file and the field if it cannot be used. An exec plugin
 * is not run before the first request (test/interop/kubernetes/kubeconfig.test.ts).
 */
export async function readKubeconfig(path: string, options: KubeconfigOptions = {}): Promise<ClusterAccess> {
  const file = new Kubeconfig(resolve(path), options);
  await file.check();
  return new RereadAccess((afterRejection) => file.credentials(afterRejection));
}

interface Chosen {
  text: string;
  cluster: KubeconfigSection;
  user: KubeconfigSection;
  plugin: ExecPlugin | undefined;
}

class Kubeconfig {
  readonly #file: string;
  readonly #folder: string;
  readonly #options: KubeconfigOptions;
  #chosen: Chosen | undefined;

  constructor(file: string, options: KubeconfigOptions) {
    this.#file = file;
    this.#folder = dirname(file);
    this.#options = options;
  }

  /** Rejects if a field or a file is faulty. Does not run the plugin. */
  async check(): Promise<void> {
    await this.#connection(await this.#choose(), {});
  }

  async credentials(afterRejection: boolean): Promise<Credentials> {
    const chosen = await this.#choose();
    return this.#connection(chosen, (await chosen.plugin?.credentials(afterRejection)) ?? {});
  }

  /** Returns the parts of the context. Reads the file; parses it only if it has changed. */
  async #choose(): Promise<Chosen> {
    const text = await this.#readFile(this.#file, '');
    if (text === this.#chosen?.text) return this.#chosen;
    const config = new KubeconfigSection(this.#file, '', await this.#parse(text));
    const context = this.#options.context ?? config.requiredText('current-context');
    const names = config.named('contexts', context, 'context');
    const cluster = config.named('clusters', names.requiredText('cluster'), 'cluster');
    const user = config.named('users', names.requiredText('user'), 'user');
    refuseUnsupported(user, unsupportedOfUser);
    refuseUnsupported(cluster, unsupportedOfCluster);
    const plugin = user.has('exec') ? this.#pluginOf(user.section('exec'), cluster) : undefined;
    this.#chosen = { text, cluster, user, plugin };
    return this.#chosen;
  }

  async #parse(text: string): Promise<unknown> {
    const { parse } = await import('yaml');
    try {
      return parse(text);
    } catch (error) {
      // The message goes on with the lines of the file, which may have a token.
      throw new Error(`${this.#file}: is not YAML: ${messageOf(error).split('\n')[0]}`);
    }
  }

  #pluginOf(section: KubeconfigSection, cluster: KubeconfigSection): ExecPlugin {
    const info: ClusterInfo = {
      server: cluster.text('server'),
      'tls-server-name': cluster.text('tls-server-name'),
      'insecure-skip-tls-verify': cluster.flag('insecure-skip-tls-verify'),
      'certificate-authority-data': cluster.text('certificate-authority-data'),
    };
    return new ExecPlugin(this.#file, section, info, this.#folder, this.#options.environment ?? {});
  }

  /** Reads the files. `own`: the credentials of the plugin. */
  async #connection(
    { cluster, user }: Chosen,
    own: { token?: string; cert?: string; key?: string },
  ): Promise<Credentials> {
    const server = urlOf(cluster);
    const isUnverified = cluster.flag('insecure-skip-tls-verify');
    const [ca, cert, key, tokenOfFile] = await Promise.all([
      this.#pem(cluster, 'certificate-authority'),
      this.#pem(user, 'client-certificate'),
      this.#pem(user, 'client-key'),
      this.#fileOf(user, 'tokenFile'),
    ]);
    if (isUnverified && ca !== undefined)
      cluster.fail('insecure-skip-tls-verify', 'contradicts certificate-authority: remove one of them');
    if ((cert === undefined) !== (key === undefined))
      user.fail(cert === undefined ? 'client-certificate' : 'client-key', 'is missing');
    const token = own.token ?? tokenOfFile?.trim() ?? user.text('token')?.trim();
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
      user.fail(tokenOfFile === undefined ? 'token' : 'tokenFile', 'must have a token of printable ASCII characters');
    if (ca !== undefined) orFail(cluster, 'certificate-authority', () => checkAuthorities(ca));
    if (cert !== undefined && key !== undefined) orFail(user, 'client-certificate', () => checkCertificate(cert, key));
    const serverName = cluster.text('tls-server-name');
    return {
      server,
      tls: tlsOptions({ ca, cert: own.cert ?? cert, key: own.key ?? key, serverName, isUnverified }),
      token,
    };
  }

  /** Returns the PEM of a field: of `<name>-data`, else of the file that `<name>` names. */
  async #pem(section: KubeconfigSection, name: string): Promise<string | undefined> {
    return section.data(`${name}-data`) ?? this.#fileOf(section, name);
  }

  async #fileOf(section: KubeconfigSection, name: string): Promise<string | undefined> {
    const path = section.text(name);
    return path === undefined ? undefined : this.#readFile(resolve(this.#folder, path), section.pathOf(name));
  }

  async #readFile(path: string, field: string): Promise<string> {
    try {
      if ((await stat(path)).size > maxBytes) throw new Error(`${path} has more than ${maxBytes} bytes`);
      return await readFile(path, 'utf8');
    } catch (error) {
      throw new Error(`${this.#file}: ${field === '' ? '' : `${field} `}cannot be read: ${messageOf(error)}`);
    }
  }
}

function urlOf(cluster: KubeconfigSection): URL {
  const text = cluster.requiredText('server');
  const url = URL.parse(text) ?? cluster.fail('server', 'must be a URL');
  if (url.protocol !== 'https:') cluster.fail('server', 'must begin with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    cluster.fail('server', 'must have only a host, a port and a path');
  return url;
}

function orFail(section: KubeconfigSection, name: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    section.fail(name, messageOf(error));
  }
}

function refuseUnsupported(section: KubeconfigSection, reasons: Record<string, string>): void {
  for (const [name, reason] of Object.entries(reasons)) if (section.has(name)) section.fail(name, reason);
}
