// What the renderers share: lines, and addresses with ports in the forms that resolvers read.

import { familyOf } from '../../model/address.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';

/** Returns the lines, each with its line feed. */
export function lines(...texts: readonly (string | readonly string[])[]): string {
  return texts
    .flat()
    .map((text) => `${text}\n`)
    .join('');
}

/** Returns the endpoint in a form such as `192.0.2.1@53` or `2001:db8::1@53`. */
export function withAt({ address, port }: Endpoint): string {
  return `${address}@${port}`;
}

/** Returns the endpoint in a form such as `192.0.2.1` (port 53), `192.0.2.1:1053` or `[2001:db8::1]:53`. */
export function shortEndpoint(target: Endpoint): string {
  return target.port === 53 && familyOf(target.address) === 'ipv4' ? target.address : formatEndpoint(target);
}
