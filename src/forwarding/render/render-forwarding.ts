// Renders the configuration with which a resolver forwards our zones. Targets that the resolver cannot take are left
// out, and named in a comment. Throws UnfitForResolver, with the way out, if the resolver cannot take a zone, or can
// take none of the targets.

import { familyOf } from '../../model/address.ts';
import { compareEndpoints, type Endpoint, formatEndpoint, isLoopback } from '../../model/endpoint.ts';
import { compareNames, type Fqdn, root } from '../../model/name.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import type { Part, Renderer } from './renderer.ts';

/** Thrown if a resolver cannot take our zones or targets. The message says why, and the way out. */
export class UnfitForResolver extends Error {}

/** Names that need no quotes in any format, not even in a shell. */
const plainName = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;
const nameWithSlashes = /^[a-z0-9_]([a-z0-9_/-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_/-]*[a-z0-9_])?)*$/;
const dnsPort = 53;

interface Rendering {
  renderer: Renderer;
  zones: Iterable<Fqdn>;
  targets: Iterable<Endpoint>;
}

/** Returns the parts of the configuration. The order of zones and targets does not change the text. */
export function renderForwarding({ renderer, zones, targets }: Rendering): Part[] {
  const sorted = [...new Set(zones)].sort((a, b) => Number(isReverse(a)) - Number(isReverse(b)) || compareNames(a, b));
  requireNames(renderer, sorted);
  const { taken, notes } = chooseTargets(renderer, inOrder(targets));
  const parts = renderer.render({ zones: sorted, targets: taken });
  return parts.map((part) => ({ ...part, text: withHead(renderer, part, notes, parts.length > 1) }));
}

/** Returns all parts as one text for people. */
export function joinParts(parts: readonly Part[]): string {
  return parts.map(({ text }) => text).join('\n');
}

/** Throws UnfitForResolver if the resolver cannot take one of the names. */
export function requireNames({ title, takesSlashes = false }: Renderer, names: Iterable<Fqdn>): void {
  const zones = [...names];
  if (zones.includes(root)) {
    throw new UnfitForResolver(
      'the root zone has every name: set the targets as the only forwarders of the resolver, or name other zones (?zones=)',
    );
  }
  const pattern = takesSlashes ? nameWithSlashes : plainName;
  const unfit = zones.filter((zone) => !pattern.test(zone));
  if (unfit.length === 0) return;
  throw new UnfitForResolver(
    `the configuration of ${title} cannot have the name ${unfit[0]}: configure this zone by hand, and name the others (?zones=)`,
  );
}

/** Returns the endpoints in the order of their addresses, each once. */
function inOrder(targets: Iterable<Endpoint>): Endpoint[] {
  const distinct = new Map([...targets].map((target) => [formatEndpoint(target), target]));
  return [...distinct.values()].sort(compareEndpoints);
}

/** Returns the targets that the resolver takes, and a note for each that it does not take. */
function chooseTargets(renderer: Renderer, targets: readonly Endpoint[]): { taken: Endpoint[]; notes: string[] } {
  const { title, takesPorts, takesIpv6, maxTargets = Number.POSITIVE_INFINITY } = renderer;
  const taken: Endpoint[] = [];
  const notes: string[] = [];
  for (const target of targets) {
    const reason = whyNot(target);
    if (reason === undefined) taken.push(target);
    else notes.push(`Left out: ${formatEndpoint(target)}. ${title} ${reason}.`);
  }
  if (taken.length === 0) {
    throw new UnfitForResolver(
      `${title} cannot take any of the targets: ${notes.join(' ')} Let a replica listen on port 53 of an address that it takes, and say so with --advertise`,
    );
  }
  if (taken.some(isLoopback)) {
    notes.push(
      'A target is a loopback address: this works only on the machine of that replica. Set --advertise to an address that others reach.',
    );
  }
  return { taken, notes };

  function whyNot(target: Endpoint): string | undefined {
    if (takesPorts === false && target.port !== dnsPort) return 'asks port 53 only';
    if (!takesIpv6 && familyOf(target.address) === 'ipv6') return 'takes IPv4 targets only';
    if (takesPorts === 'one' && taken[0] !== undefined && taken[0].port !== target.port)
      return 'asks all targets at one port';
    if (taken.length >= maxTargets) return `takes ${maxTargets} targets at most`;
    return undefined;
  }
}

/** Returns the text of a part below a head, which says its purpose and its place, and has the notes. */
function withHead(
  renderer: Renderer,
  { place, text, comment = renderer.comment }: Part,
  notes: readonly string[],
  isOneOfSeveral: boolean,
): string {
  const head = [
    `Made by Zonewright: with this, ${renderer.title} forwards the zones. Get it again after zones or replicas have changed.`,
    `${isOneOfSeveral ? 'One of several parts. ' : ''}Where: ${place}`,
    ...notes,
  ];
  return `${head.map((line) => `${comment} ${line}\n`).join('')}${text}`;
}
