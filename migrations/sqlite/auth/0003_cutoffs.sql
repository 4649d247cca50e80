-- When all sessions of a user were last ended: a login that was under way then opens none. Kept for a while only.
CREATE TABLE cutoffs (
  user_id TEXT NOT NULL PRIMARY KEY,
  revoked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX cutoffs_by_time ON cutoffs (revoked_at);
