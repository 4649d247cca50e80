-- Challenges: keyed hashes of code and address only.
CREATE TABLE challenges (
  id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
  purpose      INTEGER NOT NULL CHECK (purpose IN (1, 2)), -- verify, recover
  address_hash BLOB    NOT NULL,
  code_hash    BLOB    NOT NULL, -- all zero: no code is right
  tries        INTEGER NOT NULL DEFAULT 0,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  solved_at    INTEGER,
  redeemed_at  INTEGER,
  owner        BLOB, -- recover: the user, or NULL for a decoy
  created_by   BLOB  -- verify: the user who asked, if authenticated
) STRICT, WITHOUT ROWID;
CREATE INDEX challenges_expiry ON challenges (expires_at);
CREATE INDEX challenges_owner ON challenges (owner) WHERE owner IS NOT NULL;
CREATE INDEX challenges_creator ON challenges (created_by) WHERE created_by IS NOT NULL;
