// Renders for Unbound, and for the firewalls OPNsense and pfSense, whose resolver is Unbound.

import { isLoopback } from '../../model/endpoint.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import { lines, withAt } from './lines.ts';
import type { ForwardedZones, Renderer } from './renderer.ts';

/** Returns Unbound's configuration: the section `server`, then a stub zone for each zone. */
function unboundText({ zones, targets }: ForwardedZones): string {
  const forward = zones.filter((zone) => !isReverse(zone));
  return lines(
    'server:',
    '    # The zones are not signed: without this, validation answers SERVFAIL for them.',
    zones.map((zone) => `    domain-insecure: "${zone}."`),
    '    # Unbound answers for private reverse zones, test and home.arpa by itself, except for these:',
    zones.map((zone) => `    local-zone: "${zone}." transparent`),
    forward.length === 0
      ? []
      : '    # Only matters where private-address is set: these names may have private addresses.',
    forward.map((zone) => `    private-domain: "${zone}."`),
    '    # Before 1.25.2, one cached NXDOMAIN of a top-level domain that does not exist hides every name below it.',
    '    harden-below-nxdomain: no',
    targets.some(isLoopback)
      ? ['    # By default, Unbound asks no loopback address.', '    do-not-query-localhost: no']
      : [],
    '# Stub zones, not forward zones: Unbound then follows delegations below them.',
    zones.flatMap((zone) => [
      'stub-zone:',
      `    name: "${zone}."`,
      ...targets.map((target) => `    stub-addr: ${withAt(target)}`),
    ]),
  );
}

const limits = { comment: '#', takesPorts: true, takesIpv6: true, takesSlashes: true } as const;

export const unbound: Renderer = {
  ...limits,
  title: 'Unbound',
  render: (wanted) => [
    { name: 'zones', place: '/etc/unbound/unbound.conf.d/zonewright.conf', text: unboundText(wanted) },
  ],
};

export const opnsense: Renderer = {
  ...limits,
  title: 'OPNsense',
  render: (wanted) => [
    {
      name: 'zones',
      place: '/usr/local/etc/unbound.opnsense.d/zonewright.conf, then restart Services › Unbound DNS',
      text: unboundText(wanted),
    },
  ],
};

export const pfsense: Renderer = {
  ...limits,
  title: 'pfSense',
  render: (wanted) => [
    {
      name: 'zones',
      place: 'Services › DNS Resolver › General Settings › Custom options',
      text: unboundText(wanted),
    },
  ],
};
