// The error of an address on which DNS or the API cannot listen.

import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import { messageOf } from '../../model/thrown.ts';

const waysOut: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this port; stop it (`ss -lpn` shows it) or choose another port with --dns',
  EACCES:
    'ports below 1024 need a privilege; grant CAP_NET_BIND_SERVICE, lower the sysctl net.ipv4.ip_unprivileged_port_start, or choose another port with --dns',
  EPERM: 'the system forbids it; check the sandbox or the firewall, or choose another port with --dns',
  EADDRNOTAVAIL: 'no interface of this machine has the address; correct --dns, or listen on 0.0.0.0 or [::]',
  EAFNOSUPPORT: 'this system has no such address family; remove the address from --dns',
};

const flags = { UDP: '--dns', TCP: '--dns', TLS: '--dns-tls', HTTPS: '--dns-https', API: '--http' } as const;

export type Protocol = keyof typeof flags;

/** Returns the error of an address on which we cannot listen, with the cause and a way out. */
export function listenError(address: Endpoint, protocol: Protocol, cause: unknown): Error {
  const code = systemCode(cause);
  const why = waysOut[code]?.replace('--dns', flags[protocol]) ?? messageOf(cause);
  return new Error(`cannot listen on ${formatEndpoint(address)} (${protocol}, ${code}): ${why}`, { cause });
}

/** Returns the system's error code, such as `EADDRINUSE`, or `error` if there is none. */
export function systemCode(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'error';
}
