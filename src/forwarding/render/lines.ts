// Shared by the renderers: lines, and addresses with ports in the forms that resolvers read.

import { familyOf } from '../../model/address.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';

/** Returns the lines, each with its line feed. */
export function lines(...texts: readonly (string | readonly string[])[]): string {
  return texts
    .flat()
    .map((text) => `${text}\n`)
    .join('');
}

/** `192.0.2.1@53`, `2001:db8::1@53` */
export function withAt({ address, port }: Endpoint): string {
  return `${address}@${port}`;
}

/** `192.0.2.1`, `192.0.2.1:1053`, `[2001:db8::1]:53`: the port only where it is needed. */
export function shortEndpoint(target: Endpoint): string {
  return target.port === 53 && familyOf(target.address) === 'ipv4' ? target.address : formatEndpoint(target);
}
