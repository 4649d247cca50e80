-- Signing keys: at most one next and one current; retired ones until no valid token is signed with them.
CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  alg TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired')),
  sealed BLOB NOT NULL,                  -- PKCS#8 under the master key
  jwk TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER                     -- when it stopped signing
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX signing_keys_in_use ON signing_keys (state) WHERE state <> 'retired';

CREATE TABLE key_set (
  only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
  generation INTEGER NOT NULL            -- grows with every change of signing_keys
) STRICT;
INSERT INTO key_set (only_row, generation) VALUES (1, 0);
