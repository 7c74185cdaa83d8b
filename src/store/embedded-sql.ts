// The SQL of the embedded store: its tables, and all statements of embedded-database.ts.

export const schema = `
  CREATE TABLE IF NOT EXISTS versions (
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    value TEXT,                -- NULL: deleted at this revision
    lease TEXT,
    superseded INTEGER,        -- the revision that wrote the key again or deleted it; of a tombstone: its own revision
    PRIMARY KEY (key, revision)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS versions_by_revision ON versions (revision);
  CREATE INDEX IF NOT EXISTS versions_superseded ON versions (superseded) WHERE superseded IS NOT NULL;
  CREATE INDEX IF NOT EXISTS versions_leased ON versions (lease) WHERE lease IS NOT NULL AND superseded IS NULL;
  CREATE TABLE IF NOT EXISTS leases (
    id TEXT PRIMARY KEY,
    seconds INTEGER NOT NULL,
    expires INTEGER NOT NULL   -- milliseconds since 1970
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS leases_by_expiry ON leases (expires);
  CREATE TABLE IF NOT EXISTS compaction (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    revision INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO compaction VALUES (1, 0);
`;

/** The statements, each prepared once. embedded-database.ts binds the values in the order of the question marks. */
export const statements = {
  newestRevision: 'SELECT max(revision) FROM versions',
  compacted: 'SELECT revision FROM compaction',
  setCompacted: 'UPDATE compaction SET revision = ?',
  forgetVersions: 'DELETE FROM versions WHERE superseded IS NOT NULL AND superseded <= ?',
  current: 'SELECT key, revision, created, value FROM versions WHERE key = ? ORDER BY revision DESC LIMIT 1',
  list: `SELECT key, revision, created, value FROM versions WHERE key >= ? AND key < ? AND revision <= ?
    AND (superseded IS NULL OR superseded > ?) ORDER BY key LIMIT ?`,
  // The inner query reads only the index, so it reads no values of other prefixes.
  listRecent: `SELECT versions.key, versions.revision, created, value
    FROM (SELECT key, revision FROM versions INDEXED BY versions_by_revision
      WHERE revision > ? AND +key >= ? AND +key < ?) AS recent
    CROSS JOIN versions ON versions.key = recent.key AND versions.revision = recent.revision
    WHERE superseded IS NULL ORDER BY versions.key LIMIT ?`,
  count: 'SELECT count(*) FROM versions WHERE key >= ? AND key < ? AND superseded IS NULL',
  // `+key` keeps SQLite's planner from scanning the whole prefix by key.
  changes: `SELECT key, revision, created, value FROM versions INDEXED BY versions_by_revision
    WHERE revision >= ? AND revision <= ? AND +key >= ? AND +key < ? ORDER BY revision`,
  before: `SELECT key, revision, created, value FROM versions
    WHERE key = ? AND revision < ? ORDER BY revision DESC LIMIT 1`,
  modifiedRecently: `SELECT 1 FROM versions INDEXED BY versions_by_revision
    WHERE revision > ? AND +key >= ? AND +key < ? AND superseded IS NULL LIMIT 1`,
  modifiedSince: `SELECT 1 FROM versions
    WHERE +revision > ? AND key >= ? AND key < ? AND superseded IS NULL LIMIT 1`,
  put: 'INSERT INTO versions (key, revision, created, value, lease) VALUES (?, ?, ?, ?, ?)',
  supersede: 'UPDATE versions SET superseded = ? WHERE key = ? AND revision = ?',
  insertTombstones: `INSERT INTO versions (key, revision, created, superseded)
    SELECT key, ?, 0, ? FROM versions WHERE key >= ? AND key < ? AND superseded IS NULL`,
  supersedeRange: 'UPDATE versions SET superseded = ? WHERE key >= ? AND key < ? AND superseded IS NULL',
  insertLeasedTombstones: `INSERT INTO versions (key, revision, created, superseded)
    SELECT key, ?, 0, ? FROM versions WHERE lease = ? AND superseded IS NULL`,
  supersedeLeased: 'UPDATE versions SET superseded = ? WHERE lease = ? AND superseded IS NULL',
  grant: 'INSERT INTO leases (id, seconds, expires) VALUES (?, ?, ?)',
  keep: 'UPDATE leases SET expires = ? + seconds * 1000 WHERE id = ? AND expires > ?',
  leaseAlive: 'SELECT 1 FROM leases WHERE id = ? AND expires > ?',
  forgetLease: 'DELETE FROM leases WHERE id = ?',
  expired: 'SELECT id FROM leases WHERE expires <= ?',
  nextExpiry: 'SELECT min(expires) AS expires FROM leases',
} as const;
