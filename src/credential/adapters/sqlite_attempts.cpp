#include "credential/adapters/sqlite_attempts.h"

#include "base/limits.h"

namespace gatehouse::credential::sqlite_attempts {
namespace {

using lockout::Entry;
using lockout::Guard;
using sqlite::Blob;
using sqlite::Connection;

constexpr std::int64_t forgiven_after_ms = 24 * 60 * 60 * 1000;  // longer than the most failures take to be forgiven
constexpr std::int64_t rows_removed_max = 16;

Blob blob(const Digest& digest) { return {as_view(digest)}; }

Result<Entry> load(Connection& connection, const Digest& key) {
  auto row = connection.query("SELECT failures, forgiven_at, last_at FROM attempts WHERE key = ?", blob(key));
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return Entry{};
  return Entry{.failures = static_cast<std::uint32_t>(row->integer(0)),
               .forgiven_at = from_ms(row->integer(1)),
               .last_at = from_ms(row->integer(2))};
}

Done save(Connection& connection, const Digest& key, const Entry& entry, std::string_view user_id) {
  if (entry.failures == 0) {
    auto deleted = connection.execute("DELETE FROM attempts WHERE key = ?", blob(key));
    if (!deleted) return pass(deleted);
    return {};
  }
  auto saved = connection.execute(
      "INSERT INTO attempts (key, user_id, failures, forgiven_at, last_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO "
      "UPDATE SET user_id = excluded.user_id, failures = excluded.failures, forgiven_at = excluded.forgiven_at, "
      "last_at = excluded.last_at",
      blob(key), user_id, static_cast<std::int64_t>(entry.failures), to_ms(entry.forgiven_at), to_ms(entry.last_at));
  if (!saved) return pass(saved);
  return {};
}

}  // namespace

Result<Guard> load_guard(Connection& connection, const Attempt& attempt) {
  auto account_source = load(connection, attempt.keys.account_source);
  if (!account_source) return pass(account_source);
  auto source = load(connection, attempt.keys.source);
  if (!source) return pass(source);
  Guard guard{.account_source = *account_source, .source = *source, .typed = {}};
  if (!attempt.keys.typed_source) return guard;
  auto typed = load(connection, *attempt.keys.typed_source);
  if (!typed) return pass(typed);
  guard.typed = *typed;
  return guard;
}

Done save_guard(Connection& connection, const Attempt& attempt, const Guard& guard) {
  auto saved = save(connection, attempt.keys.account_source, guard.account_source, attempt.user_id);
  if (saved && guard.typed) saved = save(connection, *attempt.keys.typed_source, *guard.typed, attempt.user_id);
  if (!saved) return saved;
  return save(connection, attempt.keys.source, guard.source, "");
}

Done fail(Connection& connection, const Attempt& attempt, WallTime now) {
  auto guard = load_guard(connection, attempt);
  if (!guard) return pass(guard);
  lockout::fail(*guard, now);
  return save_guard(connection, attempt, *guard);
}

Done succeed(Connection& connection, const Attempt& attempt) {
  auto guard = load_guard(connection, attempt);
  if (!guard) return pass(guard);
  lockout::succeed(*guard);
  return save_guard(connection, attempt, *guard);
}

Result<bool> is_event_due(Connection& connection, const Attempt& attempt, WallTime now) {
  auto row = connection.query("SELECT told_at FROM failure_events WHERE key = ?", blob(attempt.keys.account));
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return true;
  const auto told_at = from_ms(row->integer(0));
  return now < told_at || now - told_at >= Milliseconds{limits::failure_event_interval_ms};
}

Done mark_event(Connection& connection, const Attempt& attempt, WallTime now) {
  auto marked = connection.execute("INSERT OR REPLACE INTO failure_events (key, told_at) VALUES (?, ?)",
                                   blob(attempt.keys.account), to_ms(now));
  if (!marked) return pass(marked);
  return {};
}

Done forget_user(Connection& connection, const std::string& user_id) {
  auto forgotten = connection.execute("DELETE FROM attempts WHERE user_id = ?", user_id);
  if (!forgotten) return pass(forgotten);
  return {};
}

Done remove_forgiven(Connection& connection, WallTime now) {
  const auto before = to_ms(now) - forgiven_after_ms;
  auto attempts =
      connection.execute("DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE last_at < ? LIMIT ?)",
                         before, rows_removed_max);
  if (!attempts) return pass(attempts);
  auto accounts = connection.execute(
      "DELETE FROM failure_events WHERE key IN (SELECT key FROM failure_events WHERE told_at < ? LIMIT ?)", before,
      rows_removed_max);
  if (!accounts) return pass(accounts);
  return {};
}

}  // namespace gatehouse::credential::sqlite_attempts
