// Prisma's client, as the ledger uses it. The clients of both heads have the same model, so one type is enough.
// The contract of ledgers runs over both.

import type { Event, PrismaClient } from './generated/sqlite/client.ts';

export type Client = PrismaClient;
export type EventRow = Event;
