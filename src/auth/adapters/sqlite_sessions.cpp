#include "auth/adapters/sqlite_sessions.h"

#include <algorithm>

#include "auth/adapters/sqlite_cutoffs.h"
#include "base/limits.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::auth::sqlite_sessions {
namespace {

using sqlite::Blob;
using sqlite::Connection;
using sqlite::Statement;

Blob blob(const SessionId& id) { return {as_view(id.value.bytes)}; }
Blob blob(const Digest& digest) { return {as_view(digest)}; }

std::unexpected<Error> broken_row() {
  return fail(Code::data_loss, "storage_corrupt", "The service cannot do this now.", "a session row has a wrong size");
}

template <class Octets>
bool read_octets(const Statement& row, int column, Octets& out) {
  const auto bytes = row.text(column);
  if (bytes.size() != out.size()) return false;
  std::ranges::copy(as_bytes(bytes), out.begin());
  return true;
}

// An optional blob: all zero when there is none.
bool read_optional_octets(const Statement& row, int column, Digest& out) {
  return row.is_null(column) || read_octets(row, column, out);
}

// A statement whose count of rows nobody asks for.
Done ran(Result<std::int64_t> executed) {
  if (!executed) return pass(executed);
  return {};
}

constexpr std::int64_t skew_ms = std::int64_t{limits::clock_skew_s} * 1000;

// Deletes the session, if it is there, and remembers it as revoked until its last access token is over.
Done end_session(Connection& connection, const std::string& user_id, const Revocation& revocation,
                 std::string_view reason, const Moment& now, Random& random) {
  auto deleted = connection.execute("DELETE FROM sessions WHERE id = ?", blob(revocation.session));
  if (!deleted) return pass(deleted);
  if (*deleted == 0) return {};
  auto kept = connection.execute("INSERT OR REPLACE INTO revocations (session_id, until) VALUES (?, ?)",
                                 blob(revocation.session), to_ms(revocation.until));
  if (!kept) return pass(kept);
  return sqlite::append_event(connection, session_revoked(now, user_id, revocation.session, reason, random));
}

// Rows of (id, access_expires_at) as what their end will be known by.
Result<std::vector<Revocation>> read_revocations(Statement& rows, std::int64_t more_ms) {
  std::vector<Revocation> found;
  for (;;) {
    auto has = rows.step();
    if (!has) return pass(has);
    if (!*has) return found;
    Revocation one;
    if (!read_octets(rows, 0, one.session.value.bytes)) return broken_row();
    one.until = from_ms(rows.integer(1) + more_ms);
    found.push_back(one);
  }
}

Done end_all(Connection& connection, const RevokeSessions& request, const std::vector<Revocation>& which,
             const Moment& now, Random& random) {
  for (const auto& one : which) {
    auto ended = end_session(connection, request.user_id, one, request.reason, now, random);
    if (!ended) return ended;
  }
  return {};
}

// The oldest beyond the limit. Never the new one, whose id is not the largest when the clock was set back.
Result<std::vector<Revocation>> end_beyond(Connection& connection, const OpenSession& request, const Moment& now,
                                           Random& random) {
  auto rows = connection.query(
      "SELECT id, access_expires_at FROM sessions WHERE user_id = ? AND expires_at > ? AND id <> ? "
      "ORDER BY id DESC LIMIT -1 OFFSET ?",
      request.session.user_id, to_ms(now.at), blob(request.session.id),
      static_cast<std::int64_t>(request.sessions_max) - 1);
  if (!rows) return pass(rows);
  auto excess = read_revocations(*rows, skew_ms);
  if (!excess) return excess;
  const RevokeSessions limit{.user_id = request.session.user_id, .reason = reason::limit};
  auto ended = end_all(connection, limit, *excess, now, random);
  if (!ended) return pass(ended);
  return excess;
}

Done touch(Connection& connection, SessionId session, WallTime access_expires_at) {
  return ran(connection.execute("UPDATE sessions SET access_expires_at = max(access_expires_at, ?) WHERE id = ?",
                                to_ms(access_expires_at), blob(session)));
}

// The session that the same key opened in the last 24 hours, if its first token is unused. One whose token has been
// used gives the key up.
Result<std::optional<Session>> resume(Connection& connection, const OpenSession& request, const Moment& now) {
  auto row = connection.query(
      "SELECT id, generation, created_at, expires_at, scope FROM sessions WHERE user_id = ? AND idempotency_key = ?",
      request.session.user_id, blob(request.idempotency_key));
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return std::optional<Session>();
  Session found = request.session;
  if (!read_octets(*row, 0, found.id.value.bytes)) return broken_row();
  found.created_at = from_ms(row->integer(2));
  found.expires_at = from_ms(row->integer(3));
  found.scope = row->text(4);
  const bool is_recent = now.at - found.created_at < Milliseconds{limits::session_idempotency_ms};
  if (row->integer(1) == 0 && is_recent && now.at < found.expires_at) {
    if (auto touched = touch(connection, found.id, request.access_expires_at); !touched) return pass(touched);
    return std::optional(std::move(found));
  }
  auto released = connection.execute("UPDATE sessions SET idempotency_key = NULL WHERE id = ?", blob(found.id));
  if (!released) return pass(released);
  return std::optional<Session>();
}

Done insert(Connection& connection, const OpenSession& request) {
  const auto& session = request.session;
  std::optional<Blob> key;
  if (request.has_idempotency_key) key = blob(request.idempotency_key);
  return ran(connection.execute(
      "INSERT INTO sessions (id, user_id, generation, token, rotated_at, created_at, last_used_at, expires_at, "
      "access_expires_at, user_agent, source, scope, password_version, idempotency_key) "
      "VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      blob(session.id), session.user_id, blob(request.token), to_ms(session.created_at), to_ms(session.created_at),
      to_ms(session.created_at), to_ms(session.expires_at), to_ms(request.access_expires_at), session.user_agent,
      session.source, session.scope, request.password_version, key));
}

struct FamilyRow {
  SessionId id;
  refresh::Family family;
  std::string user_id, scope;
  WallTime access_expires_at{};
};

Result<std::optional<FamilyRow>> load_family(Connection& connection, SessionId session) {
  auto row = connection.query(
      "SELECT generation, token, previous_token, sealed_successor, rotated_at, expires_at, user_id, scope, "
      "access_expires_at FROM sessions WHERE id = ?",
      blob(session));
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return std::optional<FamilyRow>();
  FamilyRow found;
  found.id = session;
  found.family.generation = row->integer(0);
  if (!read_octets(*row, 1, found.family.current) || !read_optional_octets(*row, 2, found.family.previous))
    return broken_row();
  found.family.sealed_successor = row->text(3);
  found.family.rotated_at = from_ms(row->integer(4));
  found.family.expires_at = from_ms(row->integer(5));
  found.user_id = row->text(6);
  found.scope = row->text(7);
  found.access_expires_at = from_ms(row->integer(8));
  return std::optional(std::move(found));
}

Done save_rotated(Connection& connection, const FamilyRow& row, WallTime now, WallTime access_expires_at) {
  const auto& family = row.family;
  return ran(connection.execute(
      "UPDATE sessions SET generation = ?, token = ?, previous_token = ?, sealed_successor = ?, rotated_at = ?, "
      "last_used_at = ?, access_expires_at = max(access_expires_at, ?) WHERE id = ?",
      family.generation, blob(family.current), blob(family.previous), Blob{family.sealed_successor},
      to_ms(family.rotated_at), to_ms(now), to_ms(access_expires_at), blob(row.id)));
}

}  // namespace

Result<OpenedSession> open(Connection& connection, const OpenSession& request, const Moment& now, Random& random) {
  if (auto in_time = sqlite_cutoffs::check(connection, request); !in_time) return pass(in_time);
  if (request.has_idempotency_key) {
    auto before = resume(connection, request, now);
    if (!before) return pass(before);
    if (*before) return OpenedSession{.session = std::move(**before), .is_resumed = true, .ended = {}};
  }
  auto inserted = insert(connection, request);
  if (!inserted) return pass(inserted);
  auto told =
      sqlite::append_event(connection, session_created(now, request.session.user_id, request.session.id, random));
  if (!told) return pass(told);
  auto ended = end_beyond(connection, request, now, random);
  if (!ended) return pass(ended);
  return OpenedSession{.session = request.session, .is_resumed = false, .ended = std::move(*ended)};
}

Result<RotationOutcome> rotate(Connection& connection, const Rotation& request, const Moment& now, Random& random) {
  auto loaded = load_family(connection, request.session);
  if (!loaded) return pass(loaded);
  if (!*loaded) return RotationOutcome{};
  auto& row = **loaded;
  RotationOutcome outcome;
  outcome.step = refresh::decide(row.family, request.presented, now.at, request.replay_window);
  Done done;
  switch (outcome.step) {
    case refresh::Step::refuse: return outcome;
    case refresh::Step::revoke: {
      const Revocation end{request.session, row.access_expires_at + Milliseconds{skew_ms}};
      auto ended = end_session(connection, row.user_id, end, reason::reuse_detected, now, random);
      if (!ended) return pass(ended);
      outcome.revoked_until = end.until;
      return outcome;
    }
    case refresh::Step::replay:
      outcome.sealed_successor = row.family.sealed_successor;
      done = touch(connection, row.id, request.access_expires_at);
      break;
    case refresh::Step::rotate:
      row.family = refresh::rotated(std::move(row.family), request.successor, now.at);
      done = save_rotated(connection, row, now.at, request.access_expires_at);
      break;
  }
  if (!done) return pass(done);
  outcome.user_id = std::move(row.user_id);
  outcome.scope = std::move(row.scope);
  outcome.expires_at = row.family.expires_at;
  return outcome;
}

Result<std::vector<Revocation>> revoke(Connection& connection, const RevokeSessions& request, const Moment& now,
                                       Random& random) {
  std::optional<Blob> only, except;
  if (request.only) only = blob(*request.only);
  if (request.except) except = blob(*request.except);
  if (request.reason == reason::deleted) connection.mark_erasure();
  if (auto kept = sqlite_cutoffs::remember(connection, request, now.at); !kept) return pass(kept);
  std::vector<Revocation> which;
  {
    auto rows = connection.query(
        "SELECT id, access_expires_at FROM sessions WHERE user_id = ?1 AND (?2 IS NULL OR id = ?2) "
        "AND (?3 IS NULL OR id <> ?3) AND (?4 IS NULL OR password_version < ?4)",
        request.user_id, only, except, request.password_version);
    if (!rows) return pass(rows);
    auto found = read_revocations(*rows, skew_ms);
    if (!found) return found;
    which = std::move(*found);
  }
  auto ended = end_all(connection, request, which, now, random);
  if (!ended) return pass(ended);
  return which;
}

Result<std::vector<Session>> list(Connection& connection, const Page& page, WallTime now) {
  std::optional<Blob> before;
  if (page.before) before = blob(*page.before);
  auto rows = connection.query(
      "SELECT id, user_agent, source, scope, created_at, last_used_at, expires_at FROM sessions "
      "WHERE user_id = ?1 AND expires_at > ?2 AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4",
      page.user_id, to_ms(now), before, static_cast<std::int64_t>(page.limit));
  if (!rows) return pass(rows);
  std::vector<Session> sessions;
  for (;;) {
    auto has = rows->step();
    if (!has) return pass(has);
    if (!*has) return sessions;
    Session session;
    if (!read_octets(*rows, 0, session.id.value.bytes)) return broken_row();
    session.user_id = page.user_id;
    session.user_agent = rows->text(1);
    session.source = rows->text(2);
    session.scope = rows->text(3);
    session.created_at = from_ms(rows->integer(4));
    session.last_used_at = from_ms(rows->integer(5));
    session.expires_at = from_ms(rows->integer(6));
    sessions.push_back(std::move(session));
  }
}

Result<std::vector<Revocation>> list_revocations(Connection& connection, WallTime now) {
  auto rows = connection.query("SELECT session_id, until FROM revocations WHERE until > ?",
                               to_ms(now) - limits::clock_step_ms);  // what is over may come back with a clock set back
  if (!rows) return pass(rows);
  return read_revocations(*rows, 0);
}

}  // namespace gatehouse::auth::sqlite_sessions
