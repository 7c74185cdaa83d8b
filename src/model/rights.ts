// The rights of a token: its role, and the part of the data to which it is limited.

import type { Fqdn } from './name.ts';

/** Each role has all rights of the roles before it. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** The data that a token can see and change. An absent field limits nothing. An empty list allows nothing. */
export interface Scope {
  zones?: Fqdn[];
  pools?: string[];
  owner?: string;
}

export interface Rights extends Scope {
  role: Role;
}

/** The rights of this service itself, and of the token that ZONEWRIGHT_ADMIN_TOKEN sets. */
export const allRights: Rights = { role: 'admin' };

/** Returns whether a role has the rights of the role `needed`. */
export function hasRole(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
