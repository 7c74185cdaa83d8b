// Lists the known opcodes, and who answers queries with each. Queries with other opcodes get NOTIMP.

import { opcode } from '../wire/codes.ts';
import { type HandedOnKind, handedOnKind } from './hand-on.ts';

/** The routes of queries that no tenant on another thread answers: the table answers, or nobody. */
export const route = { table: -1, nobody: -2 } as const;
/** Who answers a query: one of `route`, or the tenant of a kind of handed-on queries (hand-on.ts). */
type Route = HandedOnKind | (typeof route)[keyof typeof route];

const routes: Readonly<Record<number, Route>> = {
  [opcode.QUERY]: route.table,
  [opcode.NOTIFY]: handedOnKind.notify,
};

/** The routes by opcode, which has 4 bits. */
const byOpcode = Int8Array.from({ length: 16 }, (_, code) => routes[code] ?? route.nobody);

export function routeOpcode(code: number): Route {
  return byOpcode[code] as Route;
}
