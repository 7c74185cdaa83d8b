// Renders for systemd-resolved.

import { lines, shortEndpoint } from './lines.ts';
import type { Renderer } from './renderer.ts';

/** The negative trust anchors that systemd has built in. A file of negative trust anchors replaces them. */
const builtIn = [
  '10.in-addr.arpa',
  ...Array.from({ length: 16 }, (_, index) => `${index + 16}.172.in-addr.arpa`),
  '168.192.in-addr.arpa',
  'd.f.ip6.arpa',
  'corp',
  'home',
  'home.arpa',
  'internal',
  'intranet',
  'lan',
  'local',
  'private',
  'test',
];

export const systemdResolved: Renderer = {
  title: 'systemd-resolved',
  comment: '#',
  takesPorts: true,
  takesIpv6: true,
  render: ({ zones, targets }) => [
    {
      name: 'resolved',
      place: '/etc/systemd/resolved.conf.d/zonewright.conf, then systemctl restart systemd-resolved.',
      text: lines(
        '# From systemd 258 on, better /etc/systemd/dns-delegate.d/zonewright.dns-delegate with [Delegate] in place of',
        '# [Resolve]: these servers are then asked for these names only.',
        '[Resolve]',
        `DNS=${targets.map(shortEndpoint).join(' ')}`,
        '# The tilde: names below these zones go to these servers. Other names go to them too if no link has servers.',
        `Domains=${zones.map((zone) => `~${zone}`).join(' ')}`,
      ),
    },
    {
      name: 'negative',
      comment: ';',
      place: '/etc/dnssec-trust-anchors.d/zonewright.negative, needed only if DNSSEC= has another value than no.',
      text: lines(
        zones,
        '; The names that systemd has built in. They are repeated here, because this file replaces them:',
        builtIn.filter((name) => !(zones as readonly string[]).includes(name)),
      ),
    },
  ],
};
