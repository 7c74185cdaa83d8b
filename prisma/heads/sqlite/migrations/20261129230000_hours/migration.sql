-- CreateTable
CREATE TABLE "event_hour" (
    "hour" BIGINT NOT NULL PRIMARY KEY,
    "first" BIGINT NOT NULL,
    "last" BIGINT NOT NULL
);

-- Fill
INSERT INTO "event_hour" ("hour", "first", "last") SELECT "hour", min("id"), max("id") FROM "event" GROUP BY "hour";

-- DropIndex
DROP INDEX "event_hour_id_idx";
