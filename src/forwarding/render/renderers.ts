// The resolvers that we render for, by the name that the API takes.

import { adguardHome } from './adguard-home.ts';
import { azure } from './azure.ts';
import { bind } from './bind.ts';
import { coredns, kubernetesCoredns } from './coredns.ts';
import { dnsmasq, pihole6 } from './dnsmasq.ts';
import { dockerCompose } from './docker-compose.ts';
import { googleCloud } from './google-cloud.ts';
import { knotResolver5, knotResolver6 } from './knot-resolver.ts';
import { macos } from './macos.ts';
import { mikrotik } from './mikrotik.ts';
import { pdnsRecursor4, pdnsRecursor5 } from './pdns-recursor.ts';
import type { Renderer } from './renderer.ts';
import { route53, route53Terraform } from './route53.ts';
import { systemdResolved } from './systemd-resolved.ts';
import { technitium } from './technitium.ts';
import { opnsense, pfsense, unbound } from './unbound.ts';
import { windows } from './windows.ts';

export const renderers = {
  'adguard-home': adguardHome,
  azure,
  bind,
  coredns,
  dnsmasq,
  'docker-compose': dockerCompose,
  'google-cloud': googleCloud,
  'knot-resolver-5': knotResolver5,
  'knot-resolver-6': knotResolver6,
  'kubernetes-coredns': kubernetesCoredns,
  macos,
  mikrotik,
  opnsense,
  'pdns-recursor-4': pdnsRecursor4,
  'pdns-recursor-5': pdnsRecursor5,
  pfsense,
  'pihole-6': pihole6,
  route53,
  'route53-terraform': route53Terraform,
  'systemd-resolved': systemdResolved,
  technitium,
  unbound,
  windows,
} as const satisfies Record<string, Renderer>;

export type RendererName = keyof typeof renderers;

export const rendererNames = Object.keys(renderers) as RendererName[];
