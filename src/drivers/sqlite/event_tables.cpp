#include "drivers/sqlite/open.h"

namespace gatehouse::sqlite {
namespace {

// Events stand in columns, as they came: one that breaks its envelope can still be parked, buried, shown and replayed.
// An offset is one more than the largest, which is never trimmed: none is used twice but after an older file was put back,
// which a consumer knows by the id of the event that it read last. A database has one writer, so that a
// smaller offset was committed earlier: a reader that has seen n will never meet a smaller one appearing late.
// The outbox has no other index and no AUTOINCREMENT, for each would be a page more to log and sync in every write.
constexpr Migration tables[] = {{1, "0001_events", R"sql(
CREATE TABLE outbox (
  offset          INTEGER PRIMARY KEY,
  event_id        TEXT NOT NULL,
  event_type      TEXT NOT NULL,
  source          TEXT NOT NULL,
  subject         TEXT NOT NULL,
  subject_version INTEGER NOT NULL,
  occurred_at_ms  INTEGER NOT NULL,
  correlation_id  TEXT NOT NULL,
  trace_parent    TEXT NOT NULL,
  key_id          TEXT NOT NULL,
  data            TEXT NOT NULL
) STRICT;

CREATE TABLE subject_versions (
  source  TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (source, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  consumer TEXT NOT NULL,
  event_id TEXT NOT NULL,
  PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE consumer_offsets (
  consumer TEXT NOT NULL PRIMARY KEY,
  offset   INTEGER NOT NULL,
  event_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE parked_events (
  consumer        TEXT NOT NULL,
  offset          INTEGER NOT NULL,
  event_id        TEXT NOT NULL,
  event_type      TEXT NOT NULL,
  source          TEXT NOT NULL,
  subject         TEXT NOT NULL,
  subject_version INTEGER NOT NULL,
  occurred_at_ms  INTEGER NOT NULL,
  correlation_id  TEXT NOT NULL,
  trace_parent    TEXT NOT NULL,
  key_id          TEXT NOT NULL,
  data            TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  waits           INTEGER NOT NULL,
  next_at_ms      INTEGER NOT NULL,
  last_error      TEXT NOT NULL,
  PRIMARY KEY (consumer, offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  consumer        TEXT NOT NULL,
  topic           TEXT NOT NULL,
  offset          INTEGER NOT NULL,
  event_id        TEXT NOT NULL,
  event_type      TEXT NOT NULL,
  source          TEXT NOT NULL,
  subject         TEXT NOT NULL,
  subject_version INTEGER NOT NULL,
  occurred_at_ms  INTEGER NOT NULL,
  correlation_id  TEXT NOT NULL,
  trace_parent    TEXT NOT NULL,
  key_id          TEXT NOT NULL,
  data            TEXT NOT NULL,
  attempts        INTEGER NOT NULL,
  last_error      TEXT NOT NULL,
  died_at_ms      INTEGER NOT NULL,
  UNIQUE (consumer, offset)
) STRICT;
)sql"}};

}  // namespace

std::span<const Migration> event_migrations() { return tables; }

}  // namespace gatehouse::sqlite
