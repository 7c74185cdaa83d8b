// The names that a route of the Gateway API wants (HTTPRoute, GRPCRoute, TLSRoute): its hostnames, or those of the
// listeners if it has none. They have the addresses of the Gateways that have accepted the route.

import type { ObjectFault, WantedName } from '../../../control/kubernetes/wanted-object.ts';
import { unlessInvalid } from '../../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import { type ApiObject, identityOf, type Resource } from '../client/api-object.ts';
import { fieldsOf, listOf, textFieldsOf, textOf, textsOf } from '../read-fields.ts';
import { parseTarget, readDnsAnnotations, recordsOf, type Target } from './dns-annotations.ts';

const group = 'gateway.networking.k8s.io';
export const gateways: Resource = { group, version: 'v1', plural: 'gateways' };

/** A Gateway, as far as names need it. */
export interface Gateway {
  /** `namespace/name`. */
  key: string;
  /** The hostnames of the listeners, by the listeners' names. */
  listeners: ReadonlyMap<string, string>;
  targets: readonly Target[];
  /** True: an annotation has given the targets, not the controller of the Gateway. */
  isTarget: boolean;
}

export function readGateway(object: ApiObject): Gateway {
  const { namespace, name } = identityOf(object);
  const { targets } = readDnsAnnotations(textFieldsOf(object.metadata.annotations));
  const listeners = listOf(fieldsOf(object.spec).listeners).map(fieldsOf);
  const addresses = listOf(fieldsOf(object.status).addresses).flatMap((one) => textOf(fieldsOf(one).value) ?? []);
  return {
    key: `${namespace}/${name}`,
    listeners: new Map(listeners.map((one) => [textOf(one.name) ?? '', textOf(one.hostname) ?? ''])),
    targets:
      targets?.flatMap(({ type, values }) => values.map((value) => ({ type, value }) as Target)) ??
      addresses.flatMap((one) => unlessInvalid(() => parseTarget(one)) ?? []),
    isTarget: targets !== undefined,
  };
}

/** `gatewayOf`: returns the Gateway of a key, if there is one. */
export function readRouteNames(
  route: ApiObject,
  gatewayOf: (key: string) => Gateway | undefined,
): { names: WantedName[]; faults: ObjectFault[] } {
  const { isIgnored, hostnames, ttl, faults } = readDnsAnnotations(textFieldsOf(route.metadata.annotations));
  if (isIgnored) return { names: [], faults };
  const own = textsOf(fieldsOf(route.spec).hostnames);
  const targetsOf = new Map<Fqdn, { targets: Target[]; isTarget: boolean }>();
  for (const { key, listener } of acceptedParents(route)) {
    const gateway = gatewayOf(key);
    if (gateway === undefined) continue;
    const ofListeners = [...gateway.listeners].filter(([name]) => listener === undefined || name === listener);
    const hosts = own.length > 0 ? own : ofListeners.map(([, hostname]) => hostname).filter((one) => one !== '');
    for (const name of new Set([...namesIn(hosts, faults), ...hostnames])) {
      const before = targetsOf.get(name) ?? { targets: [], isTarget: false };
      const targets = [...before.targets, ...gateway.targets];
      targetsOf.set(name, { targets, isTarget: before.isTarget || gateway.isTarget });
    }
  }
  const names = [...targetsOf].flatMap(([name, { targets, isTarget }]): WantedName[] => {
    const to = recordsOf(targets);
    if (to.length === 0) return [];
    return [{ name, to, ...(ttl !== undefined && { ttl }), ...(isTarget && { isTarget: true as const }) }];
  });
  return { names, faults };
}

/** Returns the Gateways that have accepted the route, and the listener if the route names one. */
function acceptedParents(route: ApiObject): { key: string; listener: string | undefined }[] {
  return listOf(fieldsOf(route.status).parents).flatMap((parent) => {
    const { parentRef, conditions } = fieldsOf(parent);
    const ref = fieldsOf(parentRef);
    const isAccepted = listOf(conditions)
      .map(fieldsOf)
      .some(({ type, status }) => type === 'Accepted' && status === 'True');
    const name = textOf(ref.name);
    // Without a kind, a parent is a Gateway.
    if (!isAccepted || name === undefined || (textOf(ref.kind) ?? 'Gateway') !== 'Gateway') return [];
    const namespace = textOf(ref.namespace) ?? route.metadata.namespace ?? '';
    return [{ key: `${namespace}/${name}`, listener: textOf(ref.sectionName) }];
  });
}

/** Returns the names among these hosts. The API server also takes an address. */
function namesIn(hosts: readonly string[], faults: ObjectFault[]): Fqdn[] {
  return hosts.flatMap((host) => {
    const name = /^[\d.]+$|:/.test(host) ? undefined : unlessInvalid(() => parseName(host));
    const message = `the hostname '${host}' is not a name`;
    if (name === undefined && !faults.some((fault) => fault.message === message))
      faults.push({ what: 'annotation', code: 'invalid_request', message });
    return name ?? [];
  });
}
