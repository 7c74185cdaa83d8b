// The objects of Kubernetes clusters that can have addresses and names here, and the text that names one of them.

import { InvalidValue } from './invalid-value.ts';

export const kubernetesKinds = ['Service', 'Ingress', 'Gateway', 'HTTPRoute', 'GRPCRoute', 'TLSRoute'] as const;
export type KubernetesKind = (typeof kubernetesKinds)[number];

export interface KubernetesObject {
  /** The name that the settings give the cluster. */
  cluster: string;
  namespace: string;
  kind: KubernetesKind;
  name: string;
}

/** `cluster/namespace/kind/name`. */
export type ObjectText = string & { readonly brand: 'ObjectText' };

export function formatObject({ cluster, namespace, kind, name }: KubernetesObject): ObjectText {
  return [cluster, namespace, kind, name].join('/') as ObjectText;
}

/** Parses what {@link formatObject} returns. Throws InvalidValue. */
export function parseObject(text: string): KubernetesObject {
  const [cluster = '', namespace = '', word = '', name = '', ...rest] = text.split('/');
  const kind = kubernetesKinds.find((one) => one === word);
  if (kind === undefined || rest.length > 0 || [cluster, namespace, name].includes(''))
    throw new InvalidValue(`'${text}' is not cluster/namespace/kind/name (kind: ${kubernetesKinds.join(', ')})`);
  return { cluster, namespace, kind, name };
}
