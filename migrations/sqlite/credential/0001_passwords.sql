CREATE TABLE passwords (
  user_id TEXT NOT NULL PRIMARY KEY,
  phc TEXT NOT NULL,                     -- Argon2id, PHC string format
  unicode_version TEXT NOT NULL,         -- what NFC was made by when it was hashed
  version INTEGER NOT NULL,              -- grows with every password, not with every hash of it
  set_at INTEGER NOT NULL,
  hashed_at INTEGER NOT NULL             -- later than set_at when it has been hashed again
) STRICT, WITHOUT ROWID;

-- Whose first password must not be set any more, however long it has waited for its hash. Kept for a while only.
CREATE TABLE erased_users (
  user_id TEXT NOT NULL PRIMARY KEY,
  erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_users_by_time ON erased_users (erased_at);

-- The entries that guard an attempt: of (account, source), of (typed name, source) and of the source alone. Keys are keyed hashes:
-- what people type into a login form is not for reading.
CREATE TABLE attempts (
  key BLOB NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,                 -- whose account it is; empty: nobody's, or a source
  failures INTEGER NOT NULL,
  forgiven_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_user ON attempts (user_id);
CREATE INDEX attempts_by_last_at ON attempts (last_at);

-- When a failure of an account was last told as an event.
CREATE TABLE failure_events (
  key BLOB NOT NULL PRIMARY KEY,
  told_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failure_events_by_told_at ON failure_events (told_at);
