// Renders for dnsmasq 2.8x and newer, and for Pi-hole 6, which is built around dnsmasq.

import { lines } from './lines.ts';
import type { ForwardedZones, Renderer } from './renderer.ts';

function dnsmasqText({ zones, targets }: ForwardedZones): string {
  return lines(
    '# A line for each target: dnsmasq asks all of them now and then, and in between the one that answered first. It asks',
    '# another one if a client repeats its query from the same port. With the line all-servers, it always asks all.',
    zones.flatMap((zone) => targets.map(({ address, port }) => `server=/${zone}/${address}#${port}`)),
    '# Only matters with stop-dns-rebind (the default of OpenWrt): these names may have private addresses.',
    zones.map((zone) => `rebind-domain-ok=/${zone}/`),
  );
}

const limits = { comment: '#', takesPorts: true, takesIpv6: true } as const;

export const dnsmasq: Renderer = {
  ...limits,
  title: 'dnsmasq',
  render: (wanted) => [{ name: 'zones', place: '/etc/dnsmasq.d/zonewright.conf', text: dnsmasqText(wanted) }],
};

export const pihole6: Renderer = {
  ...limits,
  title: 'Pi-hole 6',
  render: (wanted) => [
    {
      name: 'zones',
      place: '/etc/dnsmasq.d/zonewright.conf, which Pi-hole reads after `pihole-FTL --config misc.etc_dnsmasq_d true`',
      text: dnsmasqText(wanted),
    },
  ],
};
