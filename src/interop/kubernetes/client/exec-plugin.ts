// Runs the program that a kubeconfig names for credentials (client.authentication.k8s.io/v1, `exec`). Keeps what the
// program answers until it expires or the server rejects it.

import { execFile } from 'node:child_process';
import { isAbsolute, resolve } from 'node:path';
import { promisify } from 'node:util';
import { checkCertificate } from '../../../model/pem.ts';
import { messageOf } from '../../../model/thrown.ts';
import type { KubeconfigSection } from './kubeconfig-section.ts';

const versions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const maxOutputBytes = 1_048_576;
const runMilliseconds = 60_000;
/** Credentials are renewed this long before they expire, so that a request does not arrive with expired ones. */
const earlyMilliseconds = 15_000;

export interface PluginCredentials {
  token?: string;
  cert?: string;
  key?: string;
}

interface HeldCredentials {
  credentials: PluginCredentials;
  /** In milliseconds since the epoch. */
  expiresAt: number;
}

/** What `provideClusterInfo` tells the program about the cluster. */
export type ClusterInfo = Record<string, unknown>;

export class ExecPlugin {
  readonly #place: string;
  readonly #version: string;
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #environment: Record<string, string | undefined>;
  readonly #hint: string;
  #held: HeldCredentials | undefined;

  /** `folder`: that of the kubeconfig. `environment`: the program gets it, and the variables of the kubeconfig. */
  constructor(
    file: string,
    section: KubeconfigSection,
    cluster: ClusterInfo,
    folder: string,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    const version = section.requiredText('apiVersion');
    if (!versions.includes(version)) section.fail('apiVersion', `must be one of ${versions.join(', ')}`);
    if (section.text('interactiveMode') === 'Always')
      section.fail('interactiveMode', 'is Always: this program asks a person, and here is none');
    const command = section.requiredText('command');
    // A path is relative to the kubeconfig. A name without a slash is found through PATH.
    this.#command = command.includes('/') && !isAbsolute(command) ? resolve(folder, command) : command;
    this.#args = section.texts('args');
    this.#version = version;
    this.#place = `${file}: ${section.pathOf('command')}`;
    this.#hint = section.text('installHint')?.trim() ?? '';
    const ofKubeconfig = section.list('env').map((one) => [one.requiredText('name'), one.text('value') ?? '']);
    const info = {
      apiVersion: version,
      kind: 'ExecCredential',
      spec: { interactive: false, ...(section.flag('provideClusterInfo') && { cluster }) },
    };
    this.#environment = {
      ...environment,
      ...Object.fromEntries(ofKubeconfig),
      KUBERNETES_EXEC_INFO: JSON.stringify(info),
    };
  }

  /** Returns credentials that have not expired. Runs the program if it must. `anew`: the held ones were rejected. */
  async credentials(anew: boolean): Promise<PluginCredentials> {
    if (!anew && this.#held !== undefined && Date.now() < this.#held.expiresAt) return this.#held.credentials;
    this.#held = undefined;
    this.#held = await this.#run();
    return this.#held.credentials;
  }

  async #run(): Promise<HeldCredentials> {
    const options = {
      env: this.#environment,
      timeout: runMilliseconds,
      maxBuffer: maxOutputBytes,
      killSignal: 'SIGKILL' as const,
    };
    const running = promisify(execFile)(this.#command, this.#args, options);
    running.child.stdin?.on('error', () => undefined).end();
    const { stdout } = await running.catch((error: unknown) => this.#fail(whyFailed(error, this.#hint), error));
    try {
      return this.#read(JSON.parse(stdout));
    } catch (error) {
      // The text of a fault of JSON.parse would have a part of the credentials.
      return this.#fail(error instanceof SyntaxError ? 'did not print JSON' : messageOf(error));
    }
  }

  #read(answer: Partial<{ kind: string; apiVersion: string; status: Record<string, unknown> }>): HeldCredentials {
    if (answer?.kind !== 'ExecCredential') throw new Error('printed no ExecCredential');
    if (answer.apiVersion !== this.#version) throw new Error(`printed apiVersion ${answer.apiVersion}`);
    const text = (name: string) => {
      const value = answer.status?.[name];
      return typeof value === 'string' && value !== '' ? value : undefined;
    };
    const [token, cert, key] = [text('token'), text('clientCertificateData'), text('clientKeyData')];
    if ((cert === undefined) !== (key === undefined)) throw new Error('printed a certificate or a key alone');
    if (token === undefined && cert === undefined) throw new Error('printed neither a token nor a certificate');
    if (cert !== undefined && key !== undefined) checkCertificate(cert, key);
    const expires = text('expirationTimestamp');
    const expiresAt = expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires) - earlyMilliseconds;
    if (Number.isNaN(expiresAt)) throw new Error('printed an expirationTimestamp that is not a time');
    const credentials = { ...(token && { token: token.trim() }), ...(cert && key && { cert, key }) };
    return { credentials, expiresAt };
  }

  #fail(fault: string, cause?: unknown): never {
    throw new Error(`${this.#place} ${this.#command} ${fault}`, { cause });
  }
}

function whyFailed(error: unknown, hint: string): string {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string };
  if (code === 'ENOENT') return `was not found${hint === '' ? '' : `: ${hint}`}`;
  if (killed) return `did not end within ${runMilliseconds / 1000} s`;
  const told = stderr?.trim().slice(-500) ?? '';
  if (typeof code === 'number') return `exited with ${code}${told === '' ? '' : `: ${told}`}`;
  return `failed: ${messageOf(error)}`;
}
