// What we write to a Service: its status, the finalizer, and the annotation with its addresses, all in one patch. A
// Service that has it already is not written again. Who announces the addresses decides what is written.

import type { Address } from '../../model/address.ts';
import type { StatusPatch } from './client/kubernetes-api.ts';
import type { IngressPoint, Service } from './service.ts';
import { givenAnnotation, metallbAddressesAnnotation } from './service-wanted.ts';

/** Keeps a deleted Service until its addresses are given back. */
export const finalizer = 'service.kubernetes.io/load-balancer-cleanup';

/**
 * `status`: we write the status, and whoever reads it announces the addresses. `metallb`: we write the annotation with
 * which MetalLB is asked for addresses; MetalLB announces them, and writes the status.
 */
export const announceWays = ['status', 'metallb'] as const;
export type Announce = (typeof announceWays)[number];

/** Returns the patch for a Service of ours that has these addresses; undefined if it needs none. */
export function patchOf(service: Service, addresses: readonly Address[], announce: Announce): StatusPatch | undefined {
  return announce === 'status' ? statusPatchOf(service, addresses) : annotationPatchOf(service, addresses);
}

function statusPatchOf(service: Service, addresses: readonly Address[]): StatusPatch | undefined {
  const { annotations, finalizers, ingress } = service;
  const given = textOf(addresses);
  const hasFinalizer = finalizers.includes(finalizer);
  const isNoted = annotations[givenAnnotation] === given;
  if (hasFinalizer && isNoted && says(ingress, addresses)) return undefined;
  if (addresses.length === 0 && given === annotations[givenAnnotation] && ingress.length === 0) return undefined;
  const points = addresses.map((ip) => ({ ip, ipMode: 'VIP' }));
  return {
    // The API server removes a list that is null.
    ...(!says(ingress, addresses) && { status: { loadBalancer: { ingress: points.length > 0 ? points : null } } }),
    metadata: {
      ...(!isNoted && { annotations: { [givenAnnotation]: given ?? null } }),
      ...(!hasFinalizer && { finalizers: [...finalizers, finalizer] }),
    },
  };
}

function annotationPatchOf(service: Service, addresses: readonly Address[]): StatusPatch | undefined {
  const { annotations, loadBalancerIP } = service;
  const given = textOf(addresses);
  const asked = annotations[metallbAddressesAnnotation];
  const isOwn = asked === undefined || asked === annotations[givenAnnotation];
  // MetalLB refuses the annotation beside spec.loadBalancerIP. What a user has asked for is what we have given.
  const toAsk = loadBalancerIP !== undefined ? undefined : given;
  const changed = {
    ...(annotations[givenAnnotation] !== given && { [givenAnnotation]: given ?? null }),
    ...(isOwn && asked !== toAsk && { [metallbAddressesAnnotation]: toAsk ?? null }),
  };
  return Object.keys(changed).length === 0 ? undefined : { metadata: { annotations: changed } };
}

/**
 * Returns the patch for a Service that is no longer ours: it is deleted, or has another type. It removes what we have
 * written, the finalizer with it. Undefined if there is nothing of ours: another controller may use the same finalizer.
 */
export function releasePatchOf(service: Service): StatusPatch | undefined {
  const { annotations, finalizers, ingress, isDeleting } = service;
  const given = annotations[givenAnnotation];
  if (given === undefined) return undefined;
  const clearsStatus = ingress.length > 0 && textOf(ingress.flatMap(({ ip }) => ip ?? [])) === given;
  const asked = annotations[metallbAddressesAnnotation];
  // A deleted Service without our finalizer waits for others.
  if (isDeleting && !finalizers.includes(finalizer)) return undefined;
  return {
    ...(clearsStatus && { status: { loadBalancer: { ingress: null } } }),
    metadata: {
      annotations: { [givenAnnotation]: null, ...(asked === given && { [metallbAddressesAnnotation]: null }) },
      ...(finalizers.includes(finalizer) && { finalizers: finalizers.filter((one) => one !== finalizer) }),
    },
  };
}

/** Returns the addresses that another controller has written into the status, in place of those that we gave. */
export function foreignStatus({ annotations, ingress }: Service): string | undefined {
  const given = annotations[givenAnnotation];
  if (given === undefined || ingress.length === 0) return undefined;
  const said = ingress.map(({ ip, hostname }) => ip ?? hostname ?? '').join(',');
  return said === given ? undefined : said;
}

function says(ingress: readonly IngressPoint[], addresses: readonly Address[]): boolean {
  // Servers before 1.29 have no ipMode.
  const isVip = ({ ipMode = 'VIP', hostname }: IngressPoint) => ipMode === 'VIP' && hostname === undefined;
  return (
    ingress.length === addresses.length &&
    ingress.every((point, index) => point.ip === addresses[index] && isVip(point))
  );
}

/** Returns the addresses as the annotations have them; undefined if there are none. */
function textOf(addresses: readonly Address[]): string | undefined {
  return addresses.length === 0 ? undefined : addresses.join(',');
}
