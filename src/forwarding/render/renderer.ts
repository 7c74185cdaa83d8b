// What one resolver can be told, and how its configuration is rendered. One file of this folder renders for one
// resolver; renderers.ts names them all. render-forwarding.ts decides what a resolver is told, and refuses the rest.

import type { Endpoint } from '../../model/endpoint.ts';
import type { Fqdn } from '../../model/name.ts';

/** What is rendered: never empty, never the root, and within the limits of the resolver. */
export interface ForwardedZones {
  /** The zones in the order in which they are rendered: the reverse zones last. */
  zones: readonly Fqdn[];
  /** The targets that answer, in the order of their addresses. */
  targets: readonly Endpoint[];
}

/** A text for one file, or for one field of a form. */
export interface Part {
  /** By which a client asks for this part alone. */
  name: string;
  /** Where the text belongs, for people. */
  place: string;
  /** How a comment begins in this part, if not as in the others. */
  comment?: string;
  text: string;
}

export interface Renderer {
  title: string;
  /** How a comment begins. */
  comment: string;
  /** False: it asks port 53 only. `one`: it asks all targets at the same port. */
  takesPorts: boolean | 'one';
  takesIpv6: boolean;
  /** The most targets of one zone. */
  maxTargets?: number;
  /** True: it takes also names that are not of letters, digits, `-` and `_`: those with a slash, as in RFC 2317. */
  takesSlashes?: boolean;
  render(wanted: ForwardedZones): Part[];
}
