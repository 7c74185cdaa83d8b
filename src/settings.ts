// The settings, one row each: flag, variable, default, parser. config.ts reads their values, and checks settings that
// depend on each other.

import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { isatty } from 'node:tty';
import { parseFilterRange } from './model/address-range.ts';
import { parseEndpoint } from './model/endpoint.ts';
import { InvalidValue, parseEach } from './model/invalid-value.ts';
import { nameserverOf } from './model/member.ts';
import { checkAuthorities } from './model/pem.ts';
import { defaultSkydnsPrefix } from './model/skydns/key.ts';
import { messageOf } from './model/thrown.ts';

export interface Setting<T> {
  flag?: string;
  /** The placeholder for the value in the help. */
  value?: string;
  variable: string;
  help: string;
  default?: string;
  /** True: faults must not show the value. */
  secret?: boolean;
  /** Throws InvalidValue. */
  parse: (text: string) => T;
}

const text = (value: string): string => value;
const file = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InvalidValue(`cannot be read: ${messageOf(error)}`);
  }
};
const authorities = (path: string): Buffer => {
  const pem = file(path);
  checkAuthorities(pem.toString());
  return pem;
};

/** Returns the parts of a list, which are separated by commas. */
export function partsOf(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Returns the parser of a list. The parser throws the faults of all parts, with their indices. */
const listed =
  <T>(parse: (part: string) => T) =>
  (value: string): T[] =>
    parseEach(partsOf(value), parse);

const oneOf =
  <T extends string>(...values: T[]) =>
  (value: string): T => {
    const known = values.find((one) => one === value);
    if (known === undefined) throw new InvalidValue(`must be ${values.join(' or ')}`);
    return known;
  };
const onOrOff = (value: string): boolean => oneOf('on', 'off')(value) === 'on';
const numberFrom =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
    if (number < min || number > max) throw new InvalidValue(`must be a number from ${min} to ${max}`);
    return number;
  };

const maxDnsThreads = 32;
const standardOutput = 1;

/** A setting that always has a value. */
type SettingWithDefault<T> = Setting<T> & { default: string };

function setting<T>(row: SettingWithDefault<T>): SettingWithDefault<T>;
function setting<T>(row: Setting<T>): Setting<T>;
function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

export const settings = {
  store: setting({
    flag: 'store',
    value: 'embedded|etcd',
    variable: 'ZONEWRIGHT_STORE',
    help: 'where the data is stored',
    default: 'embedded',
    parse: oneOf('embedded', 'etcd'),
  }),
  etcdEndpoints: setting({
    flag: 'etcd-endpoints',
    value: 'URLS',
    variable: 'ZONEWRIGHT_ETCD_ENDPOINTS',
    help: 'etcd servers, separated by commas',
    default: 'http://127.0.0.1:2379',
    parse: (value) => {
      const urls = listed(parseUrl)(value);
      if (urls.length === 0) throw new InvalidValue('needs at least one URL');
      return urls;
    },
  }),
  etcdPrefix: setting({
    flag: 'etcd-prefix',
    value: 'KEY',
    variable: 'ZONEWRIGHT_ETCD_PREFIX',
    help: 'prefix of all keys of Zonewright',
    default: '/zonewright/v1',
    parse: parsePrefix,
  }),
  etcdSkydnsPrefix: setting({
    flag: 'etcd-skydns-prefix',
    value: 'KEY',
    variable: 'ZONEWRIGHT_ETCD_SKYDNS_PREFIX',
    help: 'prefix of the keys that CoreDNS reads, for zones with skydns',
    default: defaultSkydnsPrefix,
    parse: parsePrefix,
  }),
  etcdCa: setting({
    variable: 'ZONEWRIGHT_ETCD_CA',
    help: "file with the certificate authority of etcd's TLS",
    parse: authorities,
  }),
  etcdCert: setting({
    variable: 'ZONEWRIGHT_ETCD_CERT',
    help: 'file with the client certificate for etcd',
    parse: file,
  }),
  etcdKey: setting({ variable: 'ZONEWRIGHT_ETCD_KEY', help: 'file with the key of that certificate', parse: file }),
  etcdUsername: setting({ variable: 'ZONEWRIGHT_ETCD_USERNAME', help: 'user name in etcd', parse: text }),
  etcdPassword: setting({
    variable: 'ZONEWRIGHT_ETCD_PASSWORD',
    help: 'password of that user',
    secret: true,
    parse: text,
  }),
  dataDir: setting({
    flag: 'data-dir',
    value: 'FOLDER',
    variable: 'ZONEWRIGHT_DATA_DIR',
    help: 'folder for the files of this replica',
    default: './data',
    parse: text,
  }),
  http: setting({
    flag: 'http',
    value: 'HOST:PORT',
    variable: 'ZONEWRIGHT_HTTP_LISTEN',
    help: 'where the API listens; port 0 picks one',
    default: '127.0.0.1:8053',
    parse: parseEndpoint,
  }),
  httpTlsCert: setting({
    flag: 'http-tls-cert',
    value: 'FILE',
    variable: 'ZONEWRIGHT_HTTP_TLS_CERT',
    help: 'certificate for the API, PEM; read again when it changes',
    parse: text,
  }),
  httpTlsKey: setting({
    flag: 'http-tls-key',
    value: 'FILE',
    variable: 'ZONEWRIGHT_HTTP_TLS_KEY',
    help: 'key of that certificate, PEM',
    parse: text,
  }),
  httpTlsClientCa: setting({
    flag: 'http-tls-client-ca',
    value: 'FILE',
    variable: 'ZONEWRIGHT_HTTP_TLS_CLIENT_CA',
    help: 'authorities that sign certificates of clients, PEM: then every request needs one, except for /healthz and /readyz',
    parse: text,
  }),
  apiRateLimit: setting({
    flag: 'api-rate-limit',
    value: 'N',
    variable: 'ZONEWRIGHT_API_RATE_LIMIT',
    help: 'maximum number of API requests a minute for each token of the store, at each replica; 0: no limit',
    default: '0',
    parse: numberFrom(0, 1_000_000),
  }),
  httpOpen: setting({
    flag: 'http-open',
    value: 'health|all',
    variable: 'ZONEWRIGHT_HTTP_OPEN',
    help: 'what needs no token: health is /healthz, and /readyz without details; all is also /metrics, /docs and /openapi.json',
    default: 'all',
    parse: oneOf('health', 'all'),
  }),
  dns: setting({
    flag: 'dns',
    value: 'HOST:PORT,…',
    variable: 'ZONEWRIGHT_DNS_LISTEN',
    help: 'where DNS listens, UDP and TCP; IPv6 as [::1]:1053',
    default: '127.0.0.1:1053',
    parse: (value) => {
      const endpoints = listed(parseEndpoint)(value);
      if (endpoints.length === 0) throw new InvalidValue('needs at least one address');
      return endpoints;
    },
  }),
  dnsThreads: setting({
    flag: 'dns-threads',
    value: 'N',
    variable: 'ZONEWRIGHT_DNS_THREADS',
    help: 'threads that answer UDP',
    default: String(Math.min(maxDnsThreads, Math.max(1, availableParallelism() - 1))),
    parse: numberFrom(1, maxDnsThreads),
  }),
  dnsSocket: setting({
    flag: 'dns-socket',
    value: 'batched|datagram',
    variable: 'ZONEWRIGHT_DNS_SOCKET',
    help: 'how UDP is read and written; batched falls back to datagram where it does not work',
    default: 'batched',
    parse: oneOf('batched', 'datagram'),
  }),
  dnsTls: setting({
    flag: 'dns-tls',
    value: 'HOST:PORT,…',
    variable: 'ZONEWRIGHT_DNS_TLS_LISTEN',
    help: 'where DNS over TLS listens (default: nowhere)',
    parse: listed(parseEndpoint),
  }),
  dnsHttps: setting({
    flag: 'dns-https',
    value: 'HOST:PORT,…',
    variable: 'ZONEWRIGHT_DNS_HTTPS_LISTEN',
    help: 'where DNS over HTTPS listens, path /dns-query (default: nowhere)',
    parse: listed(parseEndpoint),
  }),
  dnsTlsCert: setting({
    flag: 'dns-tls-cert',
    value: 'FILE',
    variable: 'ZONEWRIGHT_DNS_TLS_CERT',
    help: 'certificate for DNS over TLS and HTTPS, PEM; read again when it changes',
    parse: text,
  }),
  dnsTlsKey: setting({
    flag: 'dns-tls-key',
    value: 'FILE',
    variable: 'ZONEWRIGHT_DNS_TLS_KEY',
    help: 'key of that certificate, PEM',
    parse: text,
  }),
  dnsCookies: setting({
    flag: 'dns-cookies',
    value: 'on|strict|off',
    variable: 'ZONEWRIGHT_DNS_COOKIES',
    help: 'DNS cookies; strict: a wrong cookie over UDP gets BADCOOKIE',
    default: 'on',
    parse: oneOf('on', 'strict', 'off'),
  }),
  dnsCookieSecret: setting({
    variable: 'ZONEWRIGHT_DNS_COOKIE_SECRET',
    help: '32 hex digits, the same on all replicas; older secrets, still accepted, follow after commas (default: a new one each start)',
    secret: true,
    parse: (value) => {
      if (!/^[0-9a-f]{32}(,[0-9a-f]{32}){0,2}$/i.test(value)) {
        throw new InvalidValue('must be one to three secrets of 32 hex digits each, separated by commas');
      }
      return value.split(',').map((part) => new Uint8Array(Buffer.from(part, 'hex')));
    },
  }),
  dnsNsid: setting({
    flag: 'dns-nsid',
    value: 'on|off',
    variable: 'ZONEWRIGHT_DNS_NSID',
    help: "whether NSID returns this replica's name",
    default: 'on',
    parse: onOrOff,
  }),
  dnsChaos: setting({
    flag: 'dns-chaos',
    value: 'on|off',
    variable: 'ZONEWRIGHT_DNS_CHAOS',
    help: "whether id.server and version.bind (class CH) return this replica's name and version",
    default: 'off',
    parse: onOrOff,
  }),
  dnsRateLimit: setting({
    flag: 'dns-rate-limit',
    value: 'N',
    variable: 'ZONEWRIGHT_DNS_RATE_LIMIT',
    help: 'maximum number of UDP responses a second for each class, thread and network (IPv4 /24, IPv6 /56); 0: no limit',
    default: '200',
    parse: numberFrom(0, 1_000_000),
  }),
  dnsRateLimitSlip: setting({
    flag: 'dns-rate-limit-slip',
    value: 'N',
    variable: 'ZONEWRIGHT_DNS_RATE_LIMIT_SLIP',
    help: 'every Nth response over the limit is sent empty, with TC; 0: none',
    default: '2',
    parse: numberFrom(0, 100),
  }),
  dnsRateLimitAllow: setting({
    flag: 'dns-rate-limit-allow',
    value: 'PREFIXES',
    variable: 'ZONEWRIGHT_DNS_RATE_LIMIT_ALLOW',
    help: 'networks without a limit, separated by commas; loopback is never limited',
    default: '10.0.0.0/8,100.64.0.0/10,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,fc00::/7,fe80::/10',
    parse: listed(parseFilterRange),
  }),
  advertise: setting({
    flag: 'advertise',
    value: 'HOST:PORT,…',
    variable: 'ZONEWRIGHT_ADVERTISE',
    help: "the addresses that this replica's ns-… name has in the zones (default: where DNS listens)",
    parse: listed(parseEndpoint),
  }),
  replica: setting({
    flag: 'replica',
    value: 'NAME',
    variable: 'ZONEWRIGHT_REPLICA',
    help: 'the name of this replica; each replica needs its own',
    default: hostname(),
    parse: (value) => {
      if (value === '' || value.length > 63 || nameserverOf({ replica: value, dns: [] }).label === 'replica') {
        if (value !== 'replica')
          throw new InvalidValue('must be a name of 1 to 63 characters with at least one letter or digit');
      }
      return value;
    },
  }),
  ledger: setting({
    flag: 'ledger',
    value: 'URL',
    variable: 'ZONEWRIGHT_LEDGER_URL',
    help: 'where history is kept: file:<path>, postgresql://user@host/database, or off; <data-dir> stands for that folder',
    default: 'file:<data-dir>/ledger.db',
    secret: true,
    parse: parseLedger,
  }),
  ledgerKeepDays: setting({
    flag: 'ledger-keep-days',
    value: 'N',
    variable: 'ZONEWRIGHT_LEDGER_KEEP_DAYS',
    help: 'days after which history is deleted; 0: never',
    default: '400',
    parse: numberFrom(0, 36_500),
  }),
  ledgerMaxEvents: setting({
    flag: 'ledger-max-events',
    value: 'N',
    variable: 'ZONEWRIGHT_LEDGER_MAX_EVENTS',
    help: 'maximum number of events that are kept, the newest ones; 0: no limit',
    default: '5000000',
    parse: numberFrom(0, 999_999_999),
  }),
  ledgerOutboxMax: setting({
    flag: 'ledger-outbox-max',
    value: 'N',
    variable: 'ZONEWRIGHT_LEDGER_OUTBOX_MAX',
    help: 'transactions whose events wait in the store while the ledger cannot be written to; of more, the oldest are lost',
    default: '100000',
    parse: numberFrom(1, 10_000_000),
  }),
  adminToken: setting({
    variable: 'ZONEWRIGHT_ADMIN_TOKEN',
    help: 'an admin token of your own (default: the first start creates one in <data-dir>/admin-token)',
    secret: true,
    parse: (value) => {
      if (!/^\S{16,}$/.test(value)) throw new InvalidValue('must have at least 16 characters and no spaces');
      return value;
    },
  }),
  logFormat: setting({
    flag: 'log-format',
    value: 'json|text',
    variable: 'ZONEWRIGHT_LOG_FORMAT',
    help: 'json for programs, text for people; on a terminal text is the default',
    default: isatty(standardOutput) ? 'text' : 'json',
    parse: oneOf('json', 'text'),
  }),
  logLevel: setting({
    flag: 'log-level',
    value: 'LEVEL',
    variable: 'ZONEWRIGHT_LOG_LEVEL',
    help: 'trace, debug, info, warn, error, fatal or silent',
    default: 'info',
    parse: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  }),
};

type Settings = typeof settings;
type Value<Row> = Row extends Setting<infer T> ? T : never;
type WithDefault = { [K in keyof Settings]: Settings[K] extends { default: string } ? K : never }[keyof Settings];
/** The parsed values. Settings without a default may be missing. */
export type Values = { [K in WithDefault]: Value<Settings[K]> } & {
  [K in Exclude<keyof Settings, WithDefault>]?: Value<Settings[K]>;
};

/** The rows in the order of the help. The types of their values are left out. */
export const settingRows: readonly Setting<unknown>[] = Object.values(settings as Record<string, Setting<unknown>>);

/** Where the ledger is. In the path of a file, `<data-dir>` stands for the value of `--data-dir`. */
export type LedgerPlace = { kind: 'off' } | { kind: 'sqlite'; file: string } | { kind: 'postgresql'; url: string };

/** Stands for the value of `--data-dir` in the path of a file. */
export const dataDirPlaceholder = '<data-dir>';

function parseLedger(value: string): LedgerPlace {
  if (value === 'off') return { kind: 'off' };
  const file = /^file:(?!\/\/)(.+)$/s.exec(value)?.[1];
  if (file !== undefined) return { kind: 'sqlite', file };
  const url = URL.parse(value);
  const isPostgres = url !== null && ['postgresql:', 'postgres:'].includes(url.protocol);
  if (isPostgres && url.hostname !== '' && url.pathname.length > 1) return { kind: 'postgresql', url: value };
  throw new InvalidValue('must be file:<path>, postgresql://user@host/database or off');
}

function parsePrefix(value: string): string {
  if (!/^\/[^\s]*[^/\s]$/.test(value)) throw new InvalidValue('must begin with / and must not end with /');
  return value;
}

function parseUrl(value: string): string {
  const url = URL.parse(value);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/') {
    throw new InvalidValue('must be a URL such as http://127.0.0.1:2379');
  }
  // Node refuses an IP address as TLS server name. grpc-js 1.14 always sets the server name, and its error for an IP
  // address has no message.
  if (url.protocol === 'https:' && isIP(url.hostname.replace(/[[\]]/g, '')) !== 0) {
    throw new InvalidValue('needs a host name instead of the IP address: TLS checks the name');
  }
  return url.origin;
}
