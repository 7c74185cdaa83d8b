// The SQL of the embedded store: its tables, and every statement it runs. Who runs them, and when: embedded.ts.

export const schema = `
  CREATE TABLE IF NOT EXISTS versions (
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created INTEGER NOT NULL,
    value TEXT,                -- NULL: deleted at this revision
    lease TEXT,
    superseded INTEGER,        -- the revision that wrote the key again or deleted it; a deletion's own
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

/** Each is prepared once. The question marks stand in the order in which embedded.ts gives the values. */
export const statements = {
  newestRevision: 'SELECT max(revision) FROM versions',
  compacted: 'SELECT revision FROM compaction',
  setCompacted: 'UPDATE compaction SET revision = ?',
  forgetVersions: 'DELETE FROM versions WHERE superseded IS NOT NULL AND superseded <= ?',
  current: 'SELECT key, revision, created, value FROM versions WHERE key = ? ORDER BY revision DESC LIMIT 1',
  list: `SELECT key, revision, created, value FROM versions WHERE key >= ? AND key < ? AND revision <= ?
    AND (superseded IS NULL OR superseded > ?) ORDER BY key LIMIT ?`,
  // `+key` keeps the planner from walking the whole prefix.
  changes: `SELECT key, revision, created, value FROM versions INDEXED BY versions_by_revision
    WHERE revision >= ? AND revision <= ? AND +key >= ? AND +key < ? ORDER BY revision`,
  stirredRecently: `SELECT 1 FROM versions INDEXED BY versions_by_revision
    WHERE revision > ? AND +key >= ? AND +key < ? AND superseded IS NULL LIMIT 1`,
  stirredSince: `SELECT 1 FROM versions
    WHERE +revision > ? AND key >= ? AND key < ? AND superseded IS NULL LIMIT 1`,
  put: 'INSERT INTO versions (key, revision, created, value, lease) VALUES (?, ?, ?, ?, ?)',
  supersede: 'UPDATE versions SET superseded = ? WHERE key = ? AND revision = ?',
  buryRange: `INSERT INTO versions (key, revision, created, superseded)
    SELECT key, ?, 0, ? FROM versions WHERE key >= ? AND key < ? AND superseded IS NULL`,
  supersedeRange: 'UPDATE versions SET superseded = ? WHERE key >= ? AND key < ? AND superseded IS NULL',
  buryLeased: `INSERT INTO versions (key, revision, created, superseded)
    SELECT key, ?, 0, ? FROM versions WHERE lease = ? AND superseded IS NULL`,
  supersedeLeased: 'UPDATE versions SET superseded = ? WHERE lease = ? AND superseded IS NULL',
  grant: 'INSERT INTO leases (id, seconds, expires) VALUES (?, ?, ?)',
  keep: 'UPDATE leases SET expires = ? + seconds * 1000 WHERE id = ? AND expires > ?',
  leaseAlive: 'SELECT 1 FROM leases WHERE id = ? AND expires > ?',
  forgetLease: 'DELETE FROM leases WHERE id = ?',
  expired: 'SELECT id FROM leases WHERE expires <= ?',
  nextExpiry: 'SELECT min(expires) AS expires FROM leases',
} as const;
