// A resolver of the company: a DNS server that clients ask. On request, this service asks the resolver whether it
// forwards our zones.

import type { Address } from './address.ts';

export interface CompanyResolver {
  name: string;
  address: Address;
  port: number;
  /** The resolver's software: one for which we can render a configuration, or `other`. */
  kind: string;
}
