// Stub zones of the SkyDNS layout. Their keys are below `stub.dns` of a zone: the reversed name of a domain, then one
// more label for each of its servers. SkyDNS forwarded the domain to these servers. CoreDNS has ignored them since
// 2019.

import { isIP } from 'node:net';
import { parseAddress } from '../address.ts';
import { formatEndpoint } from '../endpoint.ts';
import { checkForwarderZone, type ForwarderTarget, parseForwarderTarget } from '../forwarder.ts';
import { InvalidValue } from '../invalid-value.ts';
import type { Fqdn } from '../name.ts';
import { layoutName, skydnsName, skydnsPrefixBelow } from './key.ts';
import { parseService } from './service.ts';

/** One server of a domain. */
export interface StubZone {
  domain: Fqdn;
  host: string;
  port: number;
  key: string;
}

const dnsPort = 53;

/** Returns the server of a key below `stub.dns` of the zone; undefined for other keys. Throws InvalidValue. */
export function readStubZone(prefix: string, zone: Fqdn, key: string, json: string): StubZone | undefined {
  const below = skydnsPrefixBelow(prefix, layoutName(zone, 'stub'));
  if (!key.startsWith(below)) return undefined;
  const path = key.slice(below.length).split('/').slice(0, -1).join('/');
  if (path === '') throw new InvalidValue("the key names no domain: '.' cannot be forwarded");
  const domain = skydnsName(prefix, `${prefix}/${path}`);
  const { host, port } = parseService(json);
  if (host === undefined) throw new InvalidValue("the stub zone has no 'host'");
  return { domain, host, port: port || dnsPort, key };
}

/** Returns the server as a target of a forwarder. Throws InvalidValue if it cannot be one. */
export function stubTarget({ domain, host, port }: StubZone): ForwarderTarget {
  checkForwarderZone(domain);
  if (isIP(host) === 0) throw new InvalidValue(`'host' of a stub zone must be an address, not '${host}'`);
  return parseForwarderTarget(formatEndpoint({ address: parseAddress(host), port }));
}
