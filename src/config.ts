// Reads flags and environment variables into one checked Config, and reports all faults at once. A setting with a fault
// gets an unknown value (model/unknown.ts), so that no other fault is reported only because of it. Only this file reads
// the environment, except for the cache of compiled code (cli/compile-cache.js). The rows of the settings: settings.ts.
// Their syntax: read-arguments.ts.

import {
  backupOptions,
  exportOptions,
  forwardingOptions,
  importOptions,
  passphraseVariable,
  restoreOptions,
} from './command-options.ts';
import { checkCertificate } from './model/pem.ts';
import { messageOf } from './model/thrown.ts';
import { isKnown, known, orUnknown, unknownValue } from './model/unknown.ts';
import { type Arguments, parsed, readArguments, readOptions } from './read-arguments.ts';
import { dataDirPlaceholder, type LedgerPlace, type Setting, settingRows, settings, type Values } from './settings.ts';

/** The settings whose names begin with the prefix. Their names here lack the prefix: `etcdCa` → `ca`. */
type Group<Prefix extends string> = {
  [Name in keyof Values as Name extends `${Prefix}${infer Rest}` ? Uncapitalize<Rest> : never]: Values[Name];
};

type SecureSetting =
  | 'dnsTls'
  | 'dnsHttps'
  | 'dnsTlsCert'
  | 'dnsTlsKey'
  | 'httpTlsCert'
  | 'httpTlsKey'
  | 'httpTlsClientCa';

/** Every setting under its name in settings.ts. Settings that are only useful together are grouped. */
export interface Config extends Omit<Values, `etcd${string}` | SecureSetting> {
  etcd: Group<'etcd'>;
  /** DNS over TLS and over HTTPS, with one certificate. */
  dnsSecure?: {
    tls: NonNullable<Values['dnsTls']>;
    https: NonNullable<Values['dnsHttps']>;
    certificate: { cert: string; key: string };
  };
  /** The files of the API's certificate, and of the authorities of its clients. */
  httpTls?: { cert: string; key: string; clientCa: string | undefined };
}

/** The files and folders that settings name, without those of faulty settings. */
export interface NamedFiles {
  dataDir?: string;
  dns?: { cert?: string; key?: string } | undefined;
  api?: { cert?: string; key?: string; clientCa?: string | undefined } | undefined;
}

/** The error of wrong settings. Its message names all of them. */
export class ConfigFaults extends Error {
  readonly faults: string[];
  /** The files and folders that were not checked yet (check-files.ts), and may have faults too. Undefined: none. */
  readonly unchecked: NamedFiles | undefined;

  constructor(faults: string[], unchecked?: NamedFiles) {
    super(faults.join('\n'));
    this.name = 'ConfigFaults';
    this.faults = faults;
    this.unchecked = unchecked;
  }
}

/** The flags and the environment of a call of a command. */
interface Call extends Pick<Arguments, 'flags' | 'unclear' | 'hasStrays'> {
  environment: NodeJS.ProcessEnv;
}

/** Reads the settings; a flag overrides its variable. Throws ConfigFaults. */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = [];
  return checkedConfig({ ...readArguments(args, faults), environment }, faults);
}

/**
 * Returns the file and the options of `restore` (restore.ts), and the same config as for `serve`. Throws ConfigFaults.
 */
export function readRestoreConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const given = readArguments(args, faults, restoreOptions);
  const options = { ...readOptions(restoreOptions, given, faults), passphrase: environment[passphraseVariable] };
  if (options.identity !== undefined && options.passphraseFile !== undefined)
    faults.push('--identity and --passphrase-file both say how to decrypt: give one of them');
  return { file: given.file, options, config: checkedConfig({ ...given, environment }, faults) };
}

/** Returns the config of all settings. Throws ConfigFaults if there are faults, together with those in `faults`. */
function checkedConfig(call: Call, faults: string[]): Config {
  const strays = strayVariables(call.environment);
  const hasStrays = call.hasStrays || strays.length > 0;
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const value = readSetting(row, { ...call, hasStrays }, faults);
    if (value !== undefined) values[name] = value;
  }
  faults.push(...strays, ...faultsTogether(values as Values), ...etcdFaultsOf(values as Values, call));
  if (faults.length > 0) throw new ConfigFaults(faults, namedFiles(values as Values));
  return configFrom(values as Values);
}

/**
 * Returns the options of `probe` (cli/probe.ts). Accepts all flags and variables of `serve`, but reads only those that
 * it needs: the replica may have got the others in another way, so they need not fit together here. Throws
 * ConfigFaults.
 */
export function readProbeConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const where = readWhere({ ...readArguments(args, faults), environment }, faults);
  if (faults.length > 0) throw new ConfigFaults(faults);
  return where;
}

/**
 * Returns the file and the options of `backup` (cli/backup.ts), which finds the replica as `probe` does. Throws
 * ConfigFaults.
 */
export function readBackupConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const given = readArguments(args, faults, backupOptions);
  const options = readOptions(backupOptions, given, faults);
  if (options.recipients !== undefined && (options.passphraseFile !== undefined || options.encrypt))
    faults.push('--recipient goes without a passphrase (--encrypt, --passphrase-file): age takes only one of them');
  const passphrase = environment[passphraseVariable];
  return { file: given.file, passphrase, ...readApiCall({ ...given, environment }, options, faults) };
}

/**
 * Returns the zones and the options of `forwarding` (cli/forwarding.ts), which finds the replica as `probe` does.
 * Throws ConfigFaults.
 */
export function readForwardingConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const given = readArguments(args, faults, forwardingOptions, 'zone');
  const options = readOptions(forwardingOptions, given, faults);
  const { resolver, part, apply, applyOptions } = options;
  check(faults, () => known(resolver) === undefined, '--resolver is missing: name the resolver, such as bind');
  check(
    faults,
    () => known(part) !== undefined && (known(apply) ?? known(applyOptions)) !== undefined,
    '--part is for printing: --apply and --apply-options each take their own part',
  );
  return { zones: given.file, ...readApiCall({ ...given, environment }, options, faults), resolver: resolver ?? '' };
}

/**
 * Returns the file and the options of `import` (cli/import-csv.ts), which finds the replica as `probe` does. Throws
 * ConfigFaults.
 */
export function readImportConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const given = readArguments(args, faults, importOptions);
  const options = readOptions(importOptions, given, faults);
  return { file: given.file, ...readApiCall({ ...given, environment }, options, faults) };
}

/** Does the same as {@link readImportConfig} for `export` (cli/export-csv.ts). */
export function readExportConfig(args: readonly string[], environment: NodeJS.ProcessEnv = process.env) {
  const faults: string[] = [];
  const given = readArguments(args, faults, exportOptions);
  const options = readOptions(exportOptions, given, faults);
  return { file: given.file, ...readApiCall({ ...given, environment }, options, faults) };
}

/** The options of every command that asks the API. */
interface ApiOptions {
  api: URL | undefined;
  tlsCert: string | undefined;
  tlsKey: string | undefined;
}

/** Returns the options of a command with what it needs to ask the API (cli/ask-api.ts). Throws ConfigFaults. */
function readApiCall<Options extends ApiOptions>(call: Call, options: Options, faults: string[]) {
  const where = readWhere(call, faults);
  const adminToken = readSetting(settings.adminToken, call, faults);
  const certificate = readSetting(settings.httpTlsCert, call, faults);
  check(
    faults,
    () => (known(options.tlsCert) === undefined) !== (known(options.tlsKey) === undefined),
    '--tls-cert and --tls-key go together: the files of a certificate and of its key',
  );
  if (options.api !== undefined && call.flags.http !== undefined)
    faults.push('--api and --http both say where the replica is: give one of them');
  if (faults.length > 0) throw new ConfigFaults(faults);
  return { where, adminToken, certificate: certificate || undefined, ...options };
}

/** Returns where the replica on this machine may answer (cli/find-replica.ts). */
function readWhere(call: Call, faults: string[]) {
  const read = <T>(row: Setting<T>): T | undefined => readSetting(row, call, faults);
  const [dataDir, http, certificate] = [read(settings.dataDir), read(settings.http), read(settings.httpTlsCert)];
  return {
    dataDir: dataDir ?? '',
    // At the default address, a replica with another data directory may answer.
    http: isGiven(settings.http, call) || !isGiven(settings.dataDir, call) ? http : undefined,
    isNamed: call.flags.http !== undefined,
    hasCertificate: (certificate ?? '') !== '',
  };
}

function isGiven({ flag = '', variable }: Setting<unknown>, { flags, environment }: Call): boolean {
  return (flags[flag] ?? environment[variable]) !== undefined;
}

/**
 * Returns the value of a setting; undefined if it has none. If the value is wrong, adds the fault and returns an
 * unknown value. Also returns an unknown value if an argument that was not understood may be meant for this setting.
 */
function readSetting<T>(row: Setting<T>, call: Call, faults: string[]): T | undefined {
  const { flags, environment, unclear, hasStrays } = call;
  if (unclear.has(row.flag ?? '') || (hasStrays && !isGiven(row, call))) return unknownValue;
  const flag = row.flag === undefined ? undefined : flags[row.flag];
  const given = flag ?? environment[row.variable] ?? row.default;
  if (given === undefined) return undefined;
  const name = flag === undefined ? row.variable : `--${row.flag}`;
  return parsed(row.parse, given, (part) => `${name}: ${row.secret === true ? '' : `'${part}' `}`, faults);
}

/** Matches the variables that Kubernetes sets in every pod beside a Service named `zonewright`, or `zonewright-…`. */
const serviceLink =
  /^ZONEWRIGHT_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Returns the faults of variables that have our prefix, but belong to no setting. */
function strayVariables(environment: NodeJS.ProcessEnv): string[] {
  const faults: string[] = [];
  for (const name of Object.keys(environment)) {
    const known = name === passphraseVariable || settingRows.some(({ variable }) => variable === name);
    if (
      name.startsWith('ZONEWRIGHT_') &&
      !known &&
      !name.startsWith('ZONEWRIGHT_TEST_') &&
      !name.startsWith('ZONEWRIGHT_LAB_') &&
      !serviceLink.test(name)
    ) {
      faults.push(`${name} is not a variable of Zonewright: see --help`);
    }
  }
  return faults;
}

/** Adds a fault if `isFault` returns true. Does nothing if that depends on an unknown value. */
function check(faults: string[], isFault: () => boolean, fault: string): void {
  if (orUnknown(() => (isFault() ? 'yes' : 'no')) === 'yes') faults.push(fault);
}

/** Returns the faults of settings that do not fit together. */
function faultsTogether(values: Values): string[] {
  const faults: string[] = [];
  const isSet = (value: unknown): boolean => (known(value) ?? '') !== '';
  const { etcdCert, etcdKey, etcdUsername, etcdPassword } = values;
  check(
    faults,
    () => (known(etcdCert) === undefined) !== (known(etcdKey) === undefined),
    'ZONEWRIGHT_ETCD_CERT and ZONEWRIGHT_ETCD_KEY go together',
  );
  if (isKnown(etcdCert) && isKnown(etcdKey) && etcdCert !== undefined && etcdKey !== undefined) {
    try {
      checkCertificate(etcdCert.toString(), etcdKey.toString());
    } catch (error) {
      faults.push(`ZONEWRIGHT_ETCD_CERT and ZONEWRIGHT_ETCD_KEY ${messageOf(error)}`);
    }
  }
  check(
    faults,
    () => (known(etcdUsername) === undefined) !== (known(etcdPassword) === undefined),
    'ZONEWRIGHT_ETCD_USERNAME and ZONEWRIGHT_ETCD_PASSWORD go together',
  );
  const isBelow = (key: string, prefix: string) => `${key}/`.startsWith(`${prefix}/`);
  const { etcdPrefix, etcdSkydnsPrefix } = values;
  check(
    faults,
    () => isBelow(known(etcdPrefix), known(etcdSkydnsPrefix)) || isBelow(etcdSkydnsPrefix, etcdPrefix),
    '--etcd-skydns-prefix and --etcd-prefix must not be one below the other',
  );
  const { dnsTls = [], dnsHttps = [], dnsTlsCert, dnsTlsKey } = values;
  const listens = () => dnsTls.length + dnsHttps.length > 0;
  check(
    faults,
    () => listens() && (!isSet(dnsTlsCert) || !isSet(dnsTlsKey)),
    '--dns-tls and --dns-https need a certificate: give its files with --dns-tls-cert and --dns-tls-key',
  );
  check(
    faults,
    () => !listens() && (isSet(dnsTlsCert) || isSet(dnsTlsKey)),
    '--dns-tls-cert and --dns-tls-key have no effect without --dns-tls or --dns-https: add one, or leave them out',
  );
  const { httpTlsCert, httpTlsKey, httpTlsClientCa } = values;
  check(
    faults,
    () => isSet(httpTlsCert) !== isSet(httpTlsKey),
    '--http-tls-cert and --http-tls-key go together: the files of a certificate and of its key',
  );
  check(
    faults,
    () => isSet(httpTlsClientCa) && !isSet(httpTlsCert) && !isSet(httpTlsKey),
    '--http-tls-client-ca has no effect without --http-tls-cert and --http-tls-key',
  );
  return faults;
}

/**
 * Returns the fault of etcd settings without `--store etcd`. Without this fault, an operator who forgets the flag would
 * store all data in files of this machine.
 */
function etcdFaultsOf({ store }: Values, { flags, environment }: Call): string[] {
  if (store !== 'embedded') return [];
  const ofEtcd = settingRows.filter(({ variable }) => variable.startsWith('ZONEWRIGHT_ETCD_'));
  const given = ofEtcd.flatMap(({ flag = '', variable }) => {
    if (flags[flag] !== undefined) return [`--${flag}`];
    return environment[variable] === undefined ? [] : [variable];
  });
  return given.length === 0 ? [] : [`${given.join(', ')}: no effect without --store etcd: add that, or leave them out`];
}

/** Returns the files and folders that the settings name, except those whose setting has an unknown value. */
function namedFiles(values: Values): NamedFiles {
  const named = (files: Record<string, string | undefined>) =>
    Object.fromEntries(Object.entries(files).filter(([, file]) => isKnown(file) && (file ?? '') !== ''));
  const { dataDir, dnsTlsCert, dnsTlsKey, httpTlsCert, httpTlsKey, httpTlsClientCa } = values;
  return {
    ...named({ dataDir }),
    dns: named({ cert: dnsTlsCert, key: dnsTlsKey }),
    api: named({ cert: httpTlsCert, key: httpTlsKey, clientCa: httpTlsClientCa }),
  };
}

function configFrom(values: Values): Config {
  const {
    dnsTls = [],
    dnsHttps = [],
    dnsTlsCert = '',
    dnsTlsKey = '',
    httpTlsCert = '',
    httpTlsKey = '',
    httpTlsClientCa = '',
    ...others
  } = values;
  const isEtcd = ([name]: [string, unknown]) => name.startsWith('etcd');
  const etcd = Object.entries(others)
    .filter(isEtcd)
    .map(([name, value]) => [name.charAt(4).toLowerCase() + name.slice(5), value]);
  const rest = Object.entries(others).filter((entry) => !isEtcd(entry));
  return {
    ...(Object.fromEntries(rest) as Omit<Values, `etcd${string}` | SecureSetting>),
    etcd: Object.fromEntries(etcd) as Group<'etcd'>,
    ledger: placeIn(others.dataDir, others.ledger),
    ...(dnsTls.length + dnsHttps.length > 0 && {
      dnsSecure: { tls: dnsTls, https: dnsHttps, certificate: { cert: dnsTlsCert, key: dnsTlsKey } },
    }),
    ...(httpTlsCert !== '' && {
      httpTls: { cert: httpTlsCert, key: httpTlsKey, clientCa: httpTlsClientCa || undefined },
    }),
  };
}

/** Returns the ledger's place with the data folder in the path of its file. */
function placeIn(dataDir: string, place: LedgerPlace): LedgerPlace {
  if (place.kind !== 'sqlite') return place;
  // A function as the replacement: `$` in the folder's name has no special meaning.
  return { ...place, file: place.file.replace(dataDirPlaceholder, () => dataDir) };
}

/** Returns the help: one line for each setting. */
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
