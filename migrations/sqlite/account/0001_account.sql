-- Profiles, custom roles and who has which role. The built-in roles live in code (src/account/role.cpp), so that an
-- upgrade changes what they may do; assignments therefore name a role without a foreign key.
CREATE TABLE profiles (
  user_id TEXT PRIMARY KEY,
  joined_at_ms INTEGER NOT NULL,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE roles (
  name TEXT PRIMARY KEY,
  changed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE role_permissions (
  role TEXT NOT NULL REFERENCES roles (name) ON DELETE CASCADE,
  permission TEXT NOT NULL,
  PRIMARY KEY (role, permission)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
  user_id TEXT NOT NULL,
  role TEXT NOT NULL,
  assigned_at_ms INTEGER NOT NULL,
  PRIMARY KEY (user_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX assignments_by_role ON assignments (role);

-- Ids of users that are no more: a role given while they were being erased does not stay behind.
CREATE TABLE erased_users (
  user_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Who is disabled or about to be deleted: of the admins who are not, one is left.
CREATE TABLE inactive_users (
  user_id      TEXT PRIMARY KEY,
  marked_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
