// The interface of the renderers. renderers.ts lists them all. render-forwarding.ts checks zones and targets first.

import type { Endpoint } from '../../model/endpoint.ts';
import type { Fqdn } from '../../model/name.ts';

/** The zones and targets to render: never empty, never the root, and within the limits of the resolver. */
export interface ForwardedZones {
  /** The zones in the order in which they are rendered: the reverse zones last. */
  zones: readonly Fqdn[];
  /** The targets that the resolver takes, in the order of their addresses. */
  targets: readonly Endpoint[];
}

/** A text for one file, or for one field of a form. */
export interface Part {
  /** The name by which a client asks for this part alone. */
  name: string;
  /** Where the text belongs, for people. */
  place: string;
  /** How a comment begins in this part, if not as the renderer says. */
  comment?: string;
  text: string;
}

export interface Renderer {
  title: string;
  /** How a comment begins. */
  comment: string;
  /** False: the resolver asks port 53 only. `one`: it asks all targets at the same port. */
  takesPorts: boolean | 'one';
  takesIpv6: boolean;
  /** The most targets of one zone. */
  maxTargets?: number;
  /**
   * True: the resolver also takes names with a slash, as in RFC 2317. Otherwise labels may have only letters, digits,
   * `-` and `_`.
   */
  takesSlashes?: boolean;
  render(wanted: ForwardedZones): Part[];
}
