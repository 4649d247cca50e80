-- Users, what identifies them, and the keys that erase them. Ids are 16 octets; times are ms since 1970 UTC.
CREATE TABLE users (
  id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  username      TEXT    NOT NULL,
  username_key  TEXT    NOT NULL UNIQUE,
  look_alike    TEXT    NOT NULL UNIQUE,
  written_look_alike TEXT NOT NULL UNIQUE,
  display_name  TEXT    NOT NULL DEFAULT '',
  locale        TEXT    NOT NULL DEFAULT '',
  status        INTEGER NOT NULL CHECK (status IN (1, 2, 3)), -- pending, active, disabled
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  version       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX users_pending ON users (created_at) WHERE status = 1;

-- One row per address of a user. An address belongs to whoever verified it first; claims are many.
CREATE TABLE identifiers (
  id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  user_id     BLOB    NOT NULL,
  type        TEXT    NOT NULL CHECK (type IN ('email')),
  value       TEXT    NOT NULL,
  value_key   TEXT    NOT NULL,
  created_at  INTEGER NOT NULL,
  verified_at INTEGER,
  UNIQUE (user_id, type, value_key)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX identifiers_verified ON identifiers (type, value_key) WHERE verified_at IS NOT NULL;
CREATE INDEX identifiers_claimed ON identifiers (type, value_key);

-- What a registration's idempotency key made. Keys are hashed.
CREATE TABLE registrations (
  key_hash     BLOB    NOT NULL PRIMARY KEY,
  request_hash BLOB    NOT NULL,
  user_id      BLOB    NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX registrations_of_user ON registrations (user_id);
CREATE INDEX registrations_expiry ON registrations (expires_at);

-- AES keys sealed under the master key. Deleting one erases its subject from every event.
CREATE TABLE subject_keys (
  key_id     BLOB    NOT NULL PRIMARY KEY CHECK (length(key_id) = 16),
  box        BLOB    NOT NULL,
  expires_at INTEGER -- NULL: as long as the user
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_keys_expiry ON subject_keys (expires_at) WHERE expires_at IS NOT NULL;

-- Ids of users who are gone: all that is left of them.
CREATE TABLE erased_users (
  id        BLOB    NOT NULL PRIMARY KEY,
  erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
