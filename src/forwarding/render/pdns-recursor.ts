// Renders for PowerDNS Recursor 4 (settings and Lua) and 5 (YAML).

import { formatEndpoint } from '../../model/endpoint.ts';
import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

const limits = { takesPorts: true, takesIpv6: true } as const;

export const pdnsRecursor4: Renderer = {
  ...limits,
  title: 'PowerDNS Recursor 4',
  comment: '#',
  render: ({ zones, targets }) => [
    {
      name: 'settings',
      place: '/etc/powerdns/recursor.d/zonewright.conf (include-dir).',
      text: lines(
        '# The first line replaces forward-zones of other files: if you have some, write += in it too.',
        zones.map(
          (zone, index) => `forward-zones${index > 0 ? '+' : ''}=${zone}=${targets.map(formatEndpoint).join(';')}`,
        ),
      ),
    },
    {
      name: 'lua',
      comment: '--',
      place: 'the end of the lua-config-file: /etc/powerdns/recursor.lua.',
      text: lines(
        '-- The zones are not signed: without this, clients that ask for DNSSEC get SERVFAIL.',
        zones.map((zone) => `addNTA("${zone}", "forwarded to Zonewright")`),
      ),
    },
  ],
};

export const pdnsRecursor5: Renderer = {
  ...limits,
  title: 'PowerDNS Recursor 5',
  comment: '#',
  render: ({ zones, targets }) => [
    {
      name: 'settings',
      place: '/etc/powerdns/recursor.d/zonewright.yml (recursor.include_dir).',
      text: lines(
        'recursor:',
        '  # !override would replace the zones of other files; without it, these are added.',
        '  forward_zones:',
        zones.flatMap((zone) => [
          `    - zone: '${zone}'`,
          '      # The targets are no resolvers.',
          '      recurse: false',
          '      forwarders:',
          ...targets.map((target) => `        - '${formatEndpoint(target)}'`),
        ]),
        'dnssec:',
        '  # The zones are not signed: without this, clients that ask for DNSSEC get SERVFAIL.',
        '  negative_trustanchors:',
        zones.flatMap((zone) => [`    - name: '${zone}'`, '      reason: forwarded to Zonewright']),
      ),
    },
  ],
};
