// A resolver of the company: a DNS server that clients ask, and that an operator may ask through us whether it forwards
// our zones.

import type { Address } from './address.ts';

export interface CompanyResolver {
  name: string;
  address: Address;
  port: number;
  /** What it is: one of those that we render for, or `other`. */
  kind: string;
}
