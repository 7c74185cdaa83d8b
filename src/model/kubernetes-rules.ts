// What Kubernetes clusters may use here: the setting `kubernetes` of a pool (which Services get its addresses) and of a
// zone (which names clusters may write).

import { atPath, callEach, InvalidValue, parseDistinct } from './invalid-value.ts';
import type { KubernetesObject } from './kubernetes-object.ts';
import { type Fqdn, formatRelativeName, isWildcardName, isWithin, parseName } from './name.ts';
import type { Tags } from './pool.ts';

/** The objects that may have addresses of a pool. An empty list or map allows all. */
export interface PoolSelector {
  clusters: string[];
  namespaces: string[];
  /** The labels that an object must have, with these values. */
  labels: Tags;
}

export const poolSelectorDefaults: PoolSelector = { clusters: [], namespaces: [], labels: {} };

/** Names of a zone that the objects of some namespaces of a cluster may write. */
export interface ZoneGrant {
  cluster: string;
  /** `*`: all namespaces. */
  namespaces: string[];
  /** Relative to the zone: `www`, `*` for all names below the zone, `*.apps` for all names below `apps`. */
  names: string[];
  /** Allows the name of the zone itself. */
  apex: boolean;
  /** Allows wildcard names, such as `*.apps`, among `names`. */
  wildcards: boolean;
  /** Allows names for addresses that an annotation gives. */
  targets: boolean;
}

export const zoneGrantDefaults = { names: ['*'], apex: false, wildcards: false, targets: false };

/** The limit for the grants of a zone, and for the lists of clusters, namespaces and names in one setting. */
export const maxRuleItems = 100;

/** Throws InvalidValue if the selector names a cluster or a namespace twice. */
export function checkSelector({ clusters, namespaces }: PoolSelector): void {
  callEach([
    () => atPath('/clusters', () => parseDistinct(clusters, (cluster) => cluster)),
    () => atPath('/namespaces', () => parseDistinct(namespaces, (namespace) => namespace)),
  ]);
}

/** Returns whether the selector of a pool allows the object. Without a selector, a pool allows every object. */
export function allowsObject(
  selector: PoolSelector | undefined,
  { cluster, namespace }: KubernetesObject,
  labels: Readonly<Tags>,
): boolean {
  if (selector === undefined) return true;
  const isIn = (list: readonly string[], value: string) => list.length === 0 || list.includes(value);
  return (
    isIn(selector.clusters, cluster) &&
    isIn(selector.namespaces, namespace) &&
    Object.entries(selector.labels).every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value)
  );
}

/** Returns the pattern in canonical form. Throws InvalidValue. */
export function parseNamePattern(text: string): string {
  if (text === '@') throw new InvalidValue('the name of the zone itself is granted by "apex": true');
  if (text.endsWith('.')) throw new InvalidValue(`'${text}' ends in a dot: these names are relative to the zone`);
  return parseName(text);
}

/** A name that an object wants to write. */
export interface AskedName {
  zone: Fqdn;
  name: Fqdn;
  isTarget: boolean;
}

/** Returns the grant that would allow the object its name; undefined if one of `grants` does. */
export function missingGrant(
  grants: readonly ZoneGrant[],
  { cluster, namespace }: KubernetesObject,
  asked: AskedName,
): (Pick<ZoneGrant, 'cluster' | 'namespaces'> & Partial<ZoneGrant>) | undefined {
  const isGranted = grants.some(
    (grant) =>
      grant.cluster === cluster &&
      grant.namespaces.some((one) => one === '*' || one === namespace) &&
      allowsName(grant, asked),
  );
  if (isGranted) return undefined;
  const { zone, name, isTarget } = asked;
  return {
    cluster,
    namespaces: [namespace],
    ...(name === zone ? { names: [], apex: true } : { names: [formatRelativeName(name, zone)] }),
    ...(isWildcardName(name) && { wildcards: true }),
    ...(isTarget && { targets: true }),
  };
}

function allowsName({ names, apex, wildcards, targets }: ZoneGrant, { zone, name, isTarget }: AskedName): boolean {
  if (isTarget && !targets) return false;
  if (name === zone) return apex;
  if (isWildcardName(name) && !wildcards) return false;
  const relative = formatRelativeName(name, zone) as Fqdn;
  return names.some((pattern) => {
    if (pattern === '*' || pattern === relative) return true;
    if (!pattern.startsWith('*.')) return false;
    const around = pattern.slice(2) as Fqdn;
    return relative !== around && isWithin(relative, around);
  });
}
