// The type of Prisma's client. The clients for SQLite and for PostgreSQL have the same model, so one type is enough.

import type { Event, PrismaClient } from './generated/sqlite/client.ts';

export type Client = PrismaClient;
export type EventRow = Event;
