-- One row per live session, holding its refresh-token family; a session that ends leaves a row in revocations only.
CREATE TABLE sessions (
  id BLOB NOT NULL PRIMARY KEY,          -- UUIDv7, 16 octets
  user_id TEXT NOT NULL,
  generation INTEGER NOT NULL,           -- rotations so far
  token BLOB NOT NULL,                   -- SHA-256 of the current refresh token
  previous_token BLOB,                   -- of its predecessor
  sealed_successor BLOB,                 -- the current token, sealed under the predecessor
  rotated_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,           -- absolute
  access_expires_at INTEGER NOT NULL,    -- of the latest access token
  user_agent TEXT NOT NULL,
  source TEXT NOT NULL,
  scope TEXT NOT NULL,
  password_version INTEGER NOT NULL,     -- of the password that opened it
  idempotency_key BLOB                   -- keyed hash of what the session was opened under
) STRICT, WITHOUT ROWID;
-- Every index is a page more to log and sync in each login. Nothing is indexed by expiry: in the order of their ids
-- sessions expire as good as in order.
CREATE INDEX sessions_by_user ON sessions (user_id, id, expires_at);
CREATE UNIQUE INDEX sessions_by_idempotency_key ON sessions (user_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- Sessions whose access tokens are refused although they have not all expired.
CREATE TABLE revocations (
  session_id BLOB NOT NULL PRIMARY KEY,
  until INTEGER NOT NULL                 -- when the last of them has expired, clock skew included
) STRICT, WITHOUT ROWID;
CREATE INDEX revocations_by_until ON revocations (until);
