-- CreateTable
CREATE TABLE "event" (
    "id" BIGINT NOT NULL PRIMARY KEY,
    "at" BIGINT NOT NULL,
    "hour" INTEGER NOT NULL,
    "replica" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "client" TEXT,
    "request_id" TEXT,
    "request" TEXT,
    "before" TEXT,
    "after" TEXT,
    "digest" BOOLEAN NOT NULL
);

-- CreateTable
CREATE TABLE "address_use" (
    "id" BIGINT NOT NULL PRIMARY KEY,
    "at" BIGINT NOT NULL,
    "space" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "pool" TEXT
);

-- CreateTable
CREATE TABLE "usage_sample" (
    "pool" TEXT NOT NULL,
    "family" TEXT NOT NULL,
    "at" BIGINT NOT NULL,
    "capacity" REAL NOT NULL,
    "used" REAL NOT NULL,
    "recorded" REAL NOT NULL,
    "cooling_down" REAL NOT NULL,

    PRIMARY KEY ("pool", "family", "at")
);

-- CreateTable
CREATE TABLE "property" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "event_name_id_idx" ON "event"("name", "id");

-- CreateIndex
CREATE INDEX "event_actor_id_id_idx" ON "event"("actor_id", "id");

-- CreateIndex
CREATE INDEX "event_resource_id_idx" ON "event"("resource", "id");

-- CreateIndex
CREATE INDEX "event_action_id_idx" ON "event"("action", "id");

-- CreateIndex
CREATE INDEX "event_hour_id_idx" ON "event"("hour", "id");

-- CreateIndex
CREATE INDEX "address_use_address_space_id_idx" ON "address_use"("address", "space", "id");

-- CreateIndex
CREATE INDEX "address_use_action_at_idx" ON "address_use"("action", "at");

-- CreateIndex
CREATE INDEX "usage_sample_at_idx" ON "usage_sample"("at");
