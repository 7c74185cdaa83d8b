// Renders for MikroTik RouterOS.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const mikrotik: Renderer = {
  title: 'MikroTik RouterOS 7.17 or newer',
  comment: '#',
  takesPorts: false,
  takesIpv6: true,
  render: ({ zones, targets }) => {
    const servers = targets.map(({ address }) => address).join(',');
    return [
      {
        name: 'zones',
        place: 'the terminal of the router.',
        text: lines(
          '# Can be repeated: creates what is missing, and changes what exists.',
          '/ip/dns/forwarders',
          `:if ([:len [find name="zonewright"]] = 0) do={ add name="zonewright" dns-servers=${servers} } else={ set [find name="zonewright"] dns-servers=${servers} }`,
          '/ip/dns/static',
          zones.flatMap((zone) => [
            `remove [find name="${zone}" type=FWD]`,
            `add name="${zone}" type=FWD match-subdomain=yes forward-to="zonewright" comment="Zonewright"`,
          ]),
          '# What the router has cached of these zones may say that names do not exist.',
          '/ip/dns/cache flush',
        ),
      },
    ];
  },
};
