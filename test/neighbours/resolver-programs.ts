// Starts real resolvers with the rendered configuration and Debian's setting for DNSSEC validation, on free ports and
// in folders of the test.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RendererName } from '../../src/forwarding/render/renderers.ts';
import type { Server } from '../support/dns-client.ts';
import { freePort } from '../support/free-port.ts';
import { findGoBuilt } from '../support/go-built.ts';
import { startNamedOn } from '../support/named.ts';
import { findProgram, startPeerProcess } from '../support/peer-process.ts';
import type { Cleanup } from '../support/temporary.ts';

/** The input for the start of a resolver. */
interface Start {
  test: Cleanup;
  folder: string;
  port: number;
  /** Returns the rendered configuration, or one part of it. */
  text: (part?: string) => Promise<string>;
}

interface ResolverProgram {
  program: string;
  /** Where the program can be installed from: the distribution and its package. */
  from: string;
  /** Writes the configuration. Returns the arguments of the program. */
  configure: (start: Start) => Promise<string[]>;
}

const rootKey = '/usr/share/dns/root.key';

export const resolverPrograms: Partial<Record<RendererName, ResolverProgram>> = {
  bind: {
    program: 'named',
    from: 'Debian, bind9',
    // Not called: startResolver starts BIND by startBind.
    configure: async () => [],
  },
  unbound: {
    program: 'unbound',
    from: 'Debian, unbound',
    configure: async ({ folder, port, text }) => {
      await copyFile(rootKey, join(folder, 'root.key'));
      const config = [
        'server:',
        `  directory: "${folder}"`,
        `  auto-trust-anchor-file: "${folder}/root.key"`,
        '  chroot: ""',
        '  username: ""',
        '  pidfile: ""',
        '  use-syslog: no',
        '  interface: 127.0.0.1',
        `  port: ${port}`,
        `include: "${await written(folder, 'zonewright.conf', await text())}"`,
      ];
      return ['-d', '-c', await written(folder, 'unbound.conf', config.join('\n'))];
    },
  },
  dnsmasq: {
    program: 'dnsmasq',
    from: 'Debian, dnsmasq-base',
    configure: async ({ folder, port, text }) => {
      // OpenWrt sets stop-dns-rebind and bogus-priv.
      const config = `port=${port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nstop-dns-rebind\nbogus-priv\n`;
      const file = await written(folder, 'dnsmasq.conf', `${config}conf-file=${folder}/zonewright.conf\n`);
      await written(folder, 'zonewright.conf', await text());
      return ['--keep-in-foreground', '--log-facility=-', '--pid-file', '--user=root', '-C', file];
    },
  },
  'knot-resolver-5': {
    program: 'kresd',
    from: 'Debian, knot-resolver',
    configure: async ({ folder, port, text }) => {
      const config = [
        `net.listen('127.0.0.1', ${port}, { kind = 'dns' })`,
        "modules = { 'hints > iterate', 'stats', 'predict' }",
        'cache.size = 20 * MB',
        await text(),
      ];
      return ['-n', '-c', await written(folder, 'kresd.conf', config.join('\n')), folder];
    },
  },
  'pdns-recursor-4': {
    program: 'pdns_recursor',
    from: 'Debian, pdns-recursor',
    configure: async ({ folder, port, text }) => {
      const settings = {
        'include-dir': join(folder, 'recursor.d'),
        'hint-file': '/usr/share/dns/root.hints',
        'local-address': '127.0.0.1',
        'local-port': port,
        'lua-config-file': join(folder, 'recursor.lua'),
        'socket-dir': folder,
        quiet: 'yes',
        'security-poll-suffix': '',
        threads: 1,
      };
      await mkdir(join(folder, 'recursor.d'));
      await written(folder, 'recursor.d/zonewright.conf', await text('settings'));
      const rootKeys = 'dofile("/usr/share/pdns-recursor/lua-config/rootkeys.lua")';
      await written(folder, 'recursor.lua', `${rootKeys}\n${await text('lua')}`);
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
      await written(folder, 'recursor.conf', lines.join('\n'));
      return [`--config-dir=${folder}`, '--daemon=no', '--disable-syslog'];
    },
  },
  coredns: {
    program: 'coredns',
    from: 'go install github.com/coredns/coredns',
    configure: async ({ folder, port, text }) => {
      // The head of the rendered text tells users to replace 53 if CoreDNS listens on another port.
      const corefile = (await text()).replaceAll(/(?<=^[^#]*\b(?:test|arpa)):53\b/gm, `:${port}`);
      return [
        '-conf',
        await written(folder, 'Corefile', corefile.replace('    errors\n', '    errors\n    bind 127.0.0.1\n')),
      ];
    },
  },
};

/** Returns why a resolver cannot be started here; undefined if it can. */
export function whyNotStarted(resolver: RendererName): string | undefined {
  const { program = '', from = '' } = resolverPrograms[resolver] ?? {};
  return find(program) === undefined ? `${program} is not installed (${from})` : undefined;
}

/** Starts the resolver on a free port of loopback. `text` returns the rendered configuration. */
export async function startResolver(
  test: Cleanup,
  resolver: RendererName,
  folder: string,
  text: Start['text'],
): Promise<Server> {
  await mkdir(folder, { recursive: true });
  if (resolver === 'bind') return startBind(test, folder, text);
  const { program, configure } = resolverPrograms[resolver] ?? fail(resolver);
  const port = await freePort();
  const args = await configure({ test, folder, port, text });
  const { hasEnded, output } = startPeerProcess(test, find(program) ?? program, args, folder);
  // The resolver may not listen yet: the callers repeat their questions until it answers.
  await delay(200);
  if (hasEnded()) throw new Error(`${program} did not start: ${output()}`);
  return { address: '127.0.0.1', port };
}

/** Starts BIND with the rendered zones, and with the rendered options unless they are left out. */
export async function startBind(
  test: Cleanup,
  folder: string,
  text: Start['text'],
  { withOptions = true } = {},
): Promise<Server> {
  await mkdir(folder, { recursive: true });
  const options = withOptions ? `include "${await written(folder, 'zonewright.options', await text('options'))}";` : '';
  const zones = `include "${await written(folder, 'zonewright.zones', await text('zones'))}";`;
  return startNamedOn(test, folder, `options {\n${options}\n};\n${zones}\n`);
}

function find(program: string): string | undefined {
  return program === 'coredns' ? (findGoBuilt('coredns') ?? findProgram(program)) : findProgram(program);
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

function fail(resolver: string): never {
  throw new Error(`no program is known for ${resolver}`);
}
