// Requests of every writing operation of the API, and the audit events and uses that each makes. audit-events.test.ts
// sends them. test/repo/audited-operations.test.ts finds operations without a row.

import type { AuditedRequest } from './forms.ts';
import { forwarders } from './forwarders.ts';
import { hosts } from './hosts.ts';
import { pools } from './pools.ts';
import { resolvers } from './resolvers.ts';
import { tokens } from './tokens.ts';
import { zones } from './zones.ts';

export const auditedRequests: readonly AuditedRequest[] = [
  ...pools,
  ...zones,
  ...hosts,
  ...tokens,
  ...resolvers,
  ...forwarders,
];
