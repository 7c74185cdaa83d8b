-- CreateTable
CREATE TABLE "event_hour" (
    "hour" BIGINT NOT NULL,
    "first" BIGINT NOT NULL,
    "last" BIGINT NOT NULL,

    CONSTRAINT "event_hour_pkey" PRIMARY KEY ("hour")
);

-- Fill
INSERT INTO "event_hour" ("hour", "first", "last") SELECT "hour", min("id"), max("id") FROM "event" GROUP BY "hour";

-- DropIndex
DROP INDEX "event_hour_id_idx";
