// Renders for AdGuard Home.

import { formatEndpoint } from '../../model/endpoint.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const adguardHome: Renderer = {
  title: 'AdGuard Home',
  comment: '#',
  takesPorts: true,
  takesIpv6: true,
  render: ({ zones, targets }) => {
    const upstreams = targets.map(formatEndpoint).join(' ');
    const reverse = zones.filter(isReverse);
    const lineOf = (zone: string) => `[/${zone}/]${upstreams}`;
    const all = {
      name: 'upstreams',
      place: 'Settings › DNS settings › Upstream DNS servers (upstream_dns), below the lines that are there.',
      text: lines(zones.map(lineOf)),
    };
    if (reverse.length === 0) return [all];
    return [
      all,
      {
        name: 'reverse',
        place: 'Settings › DNS settings › Private reverse DNS servers (local_ptr_upstreams).',
        text: lines('# AdGuard Home asks for PTRs of private addresses only here.', reverse.map(lineOf)),
      },
    ];
  },
};
