// The flags that only one command has, in addition to the settings of a replica (settings.ts). One row each. config.ts
// reads them.

import { InvalidValue } from './model/invalid-value.ts';

/** A flag of one command. Without `value` and `parse` it is a switch. */
export interface CommandOption<T = unknown> {
  flag: string;
  /** The placeholder for the value in the help. */
  value?: string;
  help: string;
  /** Throws InvalidValue. */
  parse?: (text: string) => T;
}

type CommandOptions = Readonly<Record<string, CommandOption>>;

/** The parsed values: true or false for a switch. For another flag its value, or undefined if the flag is not given. */
export type OptionValues<Rows extends CommandOptions> = {
  [Name in keyof Rows]: Rows[Name] extends { parse: (text: string) => infer T } ? T | undefined : boolean;
};

const text = (value: string): string => value;

/** The variable that has the passphrase of a backup. It is no setting of a replica. */
export const passphraseVariable = 'ZONEWRIGHT_BACKUP_PASSPHRASE';
const orVariable = `instead of the variable ${passphraseVariable}`;

/** The flags of commands that ask the API of a running replica. */
const apiOptions = {
  api: {
    flag: 'api',
    value: 'URL',
    help: 'the API of a replica on another machine, such as https://dns.example.com:8053',
    parse: (value: string): URL => {
      const url = URL.parse(value);
      if (url === null || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/')
        throw new InvalidValue('must be a URL such as https://dns.example.com:8053');
      return url;
    },
  },
  tokenFile: {
    flag: 'token-file',
    value: 'FILE',
    help: 'file with a token, for backup that of an admin (default: ZONEWRIGHT_ADMIN_TOKEN, else <data-dir>/admin-token)',
    parse: text,
  },
  tlsCa: {
    flag: 'tls-ca',
    value: 'FILE',
    help: "authorities that sign the API's certificate, PEM (default: the system's; --http-tls-cert is trusted too)",
    parse: text,
  },
  tlsCert: { flag: 'tls-cert', value: 'FILE', help: 'certificate of this client, PEM', parse: text },
  tlsKey: { flag: 'tls-key', value: 'FILE', help: 'key of that certificate, PEM', parse: text },
} satisfies CommandOptions;

export const backupOptions = {
  withoutLedger: { flag: 'without-ledger', help: 'leave a ledger in a file out' },
  encrypt: { flag: 'encrypt', help: `encrypt with a passphrase, in the format of age; asks for it on a terminal` },
  recipients: {
    flag: 'recipient',
    value: 'age1…,…',
    help: 'encrypt for these recipients of age, instead of with a passphrase',
    parse: (value: string): string[] => value.split(',').map((part) => part.trim()),
  },
  passphraseFile: {
    flag: 'passphrase-file',
    value: 'FILE',
    help: `encrypt with the passphrase in this file, ${orVariable}`,
    parse: text,
  },
  force: { flag: 'force', help: 'replace FILE if it exists' },
  ...apiOptions,
} satisfies CommandOptions;

export const forwardingOptions = {
  resolver: {
    flag: 'resolver',
    value: 'NAME',
    help: 'the resolver: bind, unbound … (docs/forwarding.md)',
    parse: text,
  },
  part: { flag: 'part', value: 'NAME', help: 'print one of several parts: options or zones of bind', parse: text },
  apply: {
    flag: 'apply',
    value: 'FILE',
    help: 'write it into FILE between two markers, if it differs, in place of printing it',
    parse: text,
  },
  applyOptions: {
    flag: 'apply-options',
    value: 'FILE',
    help: 'the other file of bind (options) and pdns-recursor-4 (lua)',
    parse: text,
  },
  ...apiOptions,
} satisfies CommandOptions;

const allocationsOf = {
  flag: 'allocations-of',
  value: 'POOL',
  help: 'the allocations of this pool, in place of hosts',
  parse: text,
} satisfies CommandOption;

export const importOptions = {
  allocationsOf,
  dryRun: { flag: 'dry-run', help: 'only check all rows, and change nothing' },
  put: { flag: 'put', help: 'change what exists with other settings; without it, such a row is a fault' },
  ...apiOptions,
} satisfies CommandOptions;

export const exportOptions = {
  allocationsOf,
  force: { flag: 'force', help: 'replace FILE if it exists' },
  ...apiOptions,
} satisfies CommandOptions;

export const restoreOptions = {
  withoutLedger: { flag: 'without-ledger', help: 'leave the ledger out, if FILE has it' },
  identity: {
    flag: 'identity',
    value: 'FILE',
    help: 'identities of age, to decrypt a backup that is for one of their recipients',
    parse: text,
  },
  passphraseFile: {
    flag: 'passphrase-file',
    value: 'FILE',
    help: `the passphrase of an encrypted backup, ${orVariable}`,
    parse: text,
  },
  check: { flag: 'check', help: 'only check FILE to its last octet, and say what it has' },
} satisfies CommandOptions;

/** Returns the help: one line for each flag. */
export function describeOptions(rows: CommandOptions): string {
  const lines = Object.values(rows).map(({ flag, value, help }) => [
    `--${flag}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  const width = Math.max(...lines.map(([flag = '']) => flag.length));
  return lines.map(([flag = '', help = '']) => `  ${flag.padEnd(width)}  ${help}\n`).join('');
}
