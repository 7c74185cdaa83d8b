// Renders for BIND 9.18 and newer.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const bind: Renderer = {
  title: 'BIND 9.18 or newer',
  comment: '//',
  takesPorts: true,
  takesIpv6: true,
  takesSlashes: true,
  render: ({ zones, targets }) => {
    const forwarders = targets.map(({ address, port }) => `${address} port ${port};`).join(' ');
    return [
      {
        name: 'options',
        place: 'a file of its own, included inside options { … }: include "/etc/bind/zonewright.options";',
        text: lines(
          '// The zones are not signed: without this, dnssec-validation answers SERVFAIL for them.',
          '// An options block takes validate-except once: if yours has one, add these names to it instead.',
          'validate-except {',
          zones.map((zone) => `    "${zone}";`),
          '};',
          '// Leave out an include of zones.rfc1918 (Debian suggests it): its empty zones hide the reverse zones.',
        ),
      },
      {
        name: 'zones',
        place: 'a file of its own, included outside options { … }: include "/etc/bind/zonewright.zones";',
        text: lines(
          '// forward only: with forward first, BIND also asks the Internet, and takes its NXDOMAIN.',
          zones.map((zone) => `zone "${zone}" { type forward; forward only; forwarders { ${forwarders} }; };`),
        ),
      },
    ];
  },
};
