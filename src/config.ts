// What the process is told: flags and environment variables become one validated Config; all faults are reported at once.
// The only file that reads the environment. The settings one by one: settings.ts.

import { parseArgs } from 'node:util';
import { InvalidValue } from './errors.ts';
import type { AddressRange } from './model/address-range.ts';
import type { Endpoint } from './model/endpoint.ts';
import { type Setting, settingRows, settings, type Values } from './settings.ts';

export interface Config {
  store: 'embedded' | 'etcd';
  etcd: {
    endpoints: string[];
    prefix: string;
    ca?: Buffer;
    cert?: Buffer;
    key?: Buffer;
    username?: string;
    password?: string;
  };
  dataDir: string;
  http: Endpoint;
  dns: Endpoint[];
  dnsThreads: number;
  dnsSocket: 'batched' | 'datagram';
  /** DNS over TLS and over HTTPS, with one certificate. */
  dnsSecure?: { tls: Endpoint[]; https: Endpoint[]; certificate: { cert: string; key: string } };
  dnsCookies: 'on' | 'strict' | 'off';
  dnsCookieSecret?: Uint8Array[];
  dnsNsid: boolean;
  dnsChaos: boolean;
  dnsRateLimit: number;
  dnsRateLimitSlip: number;
  dnsRateLimitAllow: AddressRange[];
  /** What others are told to ask; empty: where DNS listens. */
  advertise: Endpoint[];
  replica: string;
  adminToken?: string;
  logLevel: string;
}

/** Every wrong setting, in one message. */
export class ConfigFaults extends Error {
  readonly faults: string[];

  constructor(faults: string[]) {
    super(faults.join('\n'));
    this.name = 'ConfigFaults';
    this.faults = faults;
  }
}

/** A flag wins over its variable. Throws ConfigFaults. */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  const flags = readFlags(args, faults);
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const flag = row.flag === undefined ? undefined : flags[row.flag];
    const given = flag ?? environment[row.variable] ?? row.default;
    if (given === undefined) continue;
    try {
      values[name] = row.parse(given);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      const shown = row.secret === true ? '' : `'${given}' `;
      faults.push(`${flag === undefined ? row.variable : `--${row.flag}`}: ${shown}${error.message}`);
    }
  }
  faults.push(...faultsOf(values as Values, environment), ...etcdFaultsOf(values as Values, flags, environment));
  if (faults.length > 0) throw new ConfigFaults(faults);
  return configFrom(values as Values);
}

function readFlags(args: readonly string[], faults: string[]): Record<string, string | undefined> {
  const known = settingRows.flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
  const options = Object.fromEntries(known.map((flag) => [flag, { type: 'string' as const }]));
  const { values, tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given = new Map<string, string>();
  const repeated = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') faults.push(`'${token.value}' is not expected here`);
    if (token.kind !== 'option') continue;
    if (!known.includes(token.name)) faults.push(`${token.rawName} is no flag: see --help`);
    else if (token.value === undefined) faults.push(`${token.rawName} needs a value`);
    else if ((given.get(token.name) ?? token.value) !== token.value) repeated.add(token.rawName);
    else given.set(token.name, token.value);
  }
  for (const flag of repeated) faults.push(`${flag} is given more than once, with different values`);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
}

/** What Kubernetes puts into every pod beside a Service named `zonewright`, or `zonewright-…`. */
const serviceLink =
  /^ZONEWRIGHT_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** What is wrong with settings that are right one by one. */
function faultsOf(values: Values, environment: NodeJS.ProcessEnv): string[] {
  const faults: string[] = [];
  for (const name of Object.keys(environment)) {
    const known = settingRows.some(({ variable }) => variable === name);
    if (
      name.startsWith('ZONEWRIGHT_') &&
      !known &&
      !name.startsWith('ZONEWRIGHT_TEST_') &&
      !name.startsWith('ZONEWRIGHT_LAB_') &&
      !serviceLink.test(name)
    ) {
      faults.push(`${name} is no variable of ours: see --help`);
    }
  }
  if ((values.etcdCert === undefined) !== (values.etcdKey === undefined)) {
    faults.push('ZONEWRIGHT_ETCD_CERT and ZONEWRIGHT_ETCD_KEY go together');
  }
  if ((values.etcdUsername === undefined) !== (values.etcdPassword === undefined)) {
    faults.push('ZONEWRIGHT_ETCD_USERNAME and ZONEWRIGHT_ETCD_PASSWORD go together');
  }
  const { dnsTls = [], dnsHttps = [], dnsTlsCert = '', dnsTlsKey = '' } = values;
  const listens = dnsTls.length + dnsHttps.length > 0;
  if (listens && (dnsTlsCert === '' || dnsTlsKey === '')) {
    faults.push('--dns-tls and --dns-https need a certificate: give its files with --dns-tls-cert and --dns-tls-key');
  }
  if (!listens && (dnsTlsCert !== '' || dnsTlsKey !== '')) {
    faults.push(
      '--dns-tls-cert and --dns-tls-key are of no use without --dns-tls or --dns-https: add one, or leave them out',
    );
  }
  return faults;
}

/** Who names an etcd and forgets to choose it would find everything in a file of this machine, some day. */
function etcdFaultsOf(
  { store }: Values,
  flags: Record<string, string | undefined>,
  environment: NodeJS.ProcessEnv,
): string[] {
  if (store !== 'embedded') return [];
  const ofEtcd = settingRows.filter(({ variable }) => variable.startsWith('ZONEWRIGHT_ETCD_'));
  const given = ofEtcd.flatMap(({ flag = '', variable }) => {
    if (flags[flag] !== undefined) return [`--${flag}`];
    return environment[variable] === undefined ? [] : [variable];
  });
  return given.length === 0 ? [] : [`${given.join(', ')}: of no use without --store etcd: add that, or leave them out`];
}

function configFrom(values: Values): Config {
  const { etcdEndpoints, etcdPrefix, etcdCa, etcdCert, etcdKey, etcdUsername, etcdPassword, adminToken, ...others } =
    values;
  const { dnsTls = [], dnsHttps = [], dnsTlsCert = '', dnsTlsKey = '', ...rest } = others;
  return {
    ...rest,
    ...(dnsTls.length + dnsHttps.length > 0 && {
      dnsSecure: { tls: dnsTls, https: dnsHttps, certificate: { cert: dnsTlsCert, key: dnsTlsKey } },
    }),
    advertise: values.advertise ?? [],
    etcd: {
      endpoints: etcdEndpoints,
      prefix: etcdPrefix,
      ...(etcdCa && { ca: etcdCa }),
      ...(etcdCert && { cert: etcdCert }),
      ...(etcdKey && { key: etcdKey }),
      ...(etcdUsername !== undefined && { username: etcdUsername }),
      ...(etcdPassword !== undefined && { password: etcdPassword }),
    },
    ...(adminToken !== undefined && { adminToken }),
  } as Config;
}

/** One line per setting, for --help. */
export function describeSettings(): string {
  const lines = settingRows.map(({ flag, value, variable, help, default: standard }) => [
    flag === undefined ? '' : `--${flag} ${value}`,
    variable,
    `${help}${standard === undefined ? '' : ` (default: ${standard})`}`,
  ]);
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines
    .map(([flag = '', variable = '', help]) => `  ${flag.padEnd(width(0))}  ${variable.padEnd(width(1))}  ${help}`)
    .join('\n');
}
