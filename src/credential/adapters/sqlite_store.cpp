#include "credential/adapters/sqlite_store.h"

#include <utility>

#include "credential/adapters/sqlite_attempts.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::credential {
namespace {

using sqlite::Connection;

constexpr std::int64_t first_version = 1;
constexpr std::int64_t erased_users_kept_ms = 24 * 60 * 60 * 1000;  // longer than a password waits to be set
constexpr std::int64_t erased_users_removed_max = 16;

Result<std::optional<StoredPassword>> load(Connection& connection, const std::string& user_id) {
  auto row = connection.query("SELECT phc, version FROM passwords WHERE user_id = ?", user_id);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return std::optional<StoredPassword>();
  return std::optional(StoredPassword{.phc = row->text(0), .version = row->integer(1)});
}

struct SeenAttempt {
  BegunAttempt begun;
  bool is_clock_back = false;
};

Result<SeenAttempt> look(Connection& connection, const Attempt& attempt, const lockout::Others& others, WallTime now) {
  auto guard = sqlite_attempts::load_guard(connection, attempt);
  if (!guard) return pass(guard);
  SeenAttempt seen;
  seen.is_clock_back = lockout::is_ahead(*guard, now);
  auto& begun = seen.begun;
  begun.decision = lockout::decide(*guard, others, now);
  begun.is_clean = lockout::is_clean(*guard);
  if (!begun.decision.is_admitted()) return seen;
  auto password = load(connection, attempt.user_id);
  if (!password) return pass(password);
  auto is_due = sqlite_attempts::is_event_due(connection, attempt, now);
  if (!is_due) return pass(is_due);
  begun.password = std::move(*password);
  begun.is_event_due = *is_due;
  return seen;
}

Done bring_to_present(Connection& connection, const Attempt& attempt, WallTime now) {
  auto guard = sqlite_attempts::load_guard(connection, attempt);
  if (!guard) return pass(guard);
  (void)lockout::decide(*guard, {}, now);
  return sqlite_attempts::save_guard(connection, attempt, *guard);
}

// What is written does not depend on whether the user exists, but for the event.
Done fail(Connection& connection, const Attempt& attempt, const Moment& now, Random& random) {
  auto removed = sqlite_attempts::remove_forgiven(connection, now.at);
  if (!removed) return removed;
  auto counted = sqlite_attempts::fail(connection, attempt, now.at);
  if (!counted) return counted;
  auto is_due = sqlite_attempts::is_event_due(connection, attempt, now.at);
  if (!is_due) return pass(is_due);
  if (!*is_due) return {};
  auto marked = sqlite_attempts::mark_event(connection, attempt, now.at);
  if (!marked || attempt.user_id.empty()) return marked;
  return sqlite::append_event(connection, password_verified_failed(now, attempt.user_id, random));
}

Result<bool> is_erased(Connection& connection, const std::string& user_id) {
  auto row = connection.query("SELECT 1 FROM erased_users WHERE user_id = ?", user_id);
  if (!row) return pass(row);
  return row->step();
}

std::unexpected<Error> user_not_found() { return not_found("user_not_found", "There is no such user."); }

Result<bool> save(Connection& connection, const NewPassword& password, const Moment& now, Random& random) {
  auto erased = is_erased(connection, password.user_id);
  if (!erased) return erased;
  if (*erased) return user_not_found();
  auto changed = connection.execute(
      "INSERT INTO passwords (user_id, phc, unicode_version, version, set_at, hashed_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT (user_id) DO NOTHING",
      password.user_id, password.phc, password.unicode_version, first_version, to_ms(now.at));
  if (!changed) return pass(changed);
  if (*changed == 0) return false;
  auto told = sqlite::append_event(connection, password_set(now, password.user_id, random));
  if (!told) return pass(told);
  return true;
}

// Never an insert: a user who is gone meanwhile stays gone.
Result<std::int64_t> replace(Connection& connection, const Replacement& replacement, const Moment& now,
                             Random& random) {
  const auto& password = replacement.password;
  auto stored = load(connection, password.user_id);
  if (!stored) return pass(stored);
  if (!*stored) return user_not_found();
  const auto version = (*stored)->version;
  if (replacement.expected_version && *replacement.expected_version != version)
    return fail(Code::aborted, "password_changed", "The password has been changed meanwhile.");
  auto changed = connection.execute(
      "UPDATE passwords SET phc = ?2, unicode_version = ?3, version = ?4, set_at = ?5, hashed_at = ?5 "
      "WHERE user_id = ?1",
      password.user_id, password.phc, password.unicode_version, version + 1, to_ms(now.at));
  if (!changed) return pass(changed);
  auto forgotten = sqlite_attempts::forget_user(connection, password.user_id);
  if (!forgotten) return pass(forgotten);
  const PasswordReplaced what{.version = version + 1, .kept_session_id = replacement.kept_session_id};
  auto told = sqlite::append_event(connection, password_replaced(now, password.user_id, what, random));
  if (!told) return pass(told);
  return version + 1;
}

Result<bool> upgrade(Connection& connection, const PhcUpgrade& upgrade, WallTime now) {
  auto changed = connection.execute("UPDATE passwords SET phc = ?, hashed_at = ? WHERE user_id = ? AND phc = ?",
                                    upgrade.new_phc, to_ms(now), upgrade.user_id, upgrade.old_phc);
  if (!changed) return pass(changed);
  return *changed > 0;
}

Done remove(Connection& connection, const std::string& user_id, WallTime now) {
  connection.mark_erasure();
  auto removed = connection.execute("DELETE FROM passwords WHERE user_id = ?", user_id);
  if (!removed) return pass(removed);
  auto forgotten = connection.execute(
      "DELETE FROM erased_users WHERE user_id IN (SELECT user_id FROM erased_users WHERE erased_at < ? LIMIT ?)",
      to_ms(now) - erased_users_kept_ms, erased_users_removed_max);
  if (!forgotten) return pass(forgotten);
  auto kept = connection.execute("INSERT OR REPLACE INTO erased_users (user_id, erased_at) VALUES (?, ?)", user_id,
                                 to_ms(now));
  if (!kept) return pass(kept);
  return sqlite_attempts::forget_user(connection, user_id);
}

class SqliteStore final : public Store {
 public:
  SqliteStore(sqlite::Database& database, InFlight& in_flight, Random& random)
      : database_(database), in_flight_(in_flight), random_(random) {}

  // The place is taken before the stored failures are read: whoever failed meanwhile is in the one or in the other.
  Task<BegunAttempt> begin_attempt(Call call, Attempt attempt, WallTime now) override {
    auto [reservation, others] = in_flight_.reserve(attempt.keys);
    auto read = [attempt, others, now](Connection& connection) { return look(connection, attempt, others, now); };
    auto seen = co_await database_.read<SeenAttempt>(call, std::move(read));
    if (!seen) co_return pass(seen);
    if (seen->is_clock_back) {
      auto write = [attempt, now](Connection& connection) { return bring_to_present(connection, attempt, now); };
      const auto kept = co_await database_.write<void>(call, std::move(write));
      if (!kept) co_return pass(kept);
    }
    if (seen->begun.decision.is_admitted()) seen->begun.reservation = std::move(reservation);
    co_return std::move(seen->begun);
  }

  Task<void> fail_attempt(Call call, Attempt attempt, Moment now) override {
    auto job = [this, attempt = std::move(attempt), now = std::move(now)](Connection& connection) {
      return fail(connection, attempt, now, random_);
    };
    co_return co_await database_.write<void>(call, std::move(job));
  }

  Task<void> succeed_attempt(Call call, Attempt attempt) override {
    auto job = [attempt = std::move(attempt)](Connection& connection) {
      return sqlite_attempts::succeed(connection, attempt);
    };
    co_return co_await database_.write<void>(call, std::move(job));
  }

  Task<std::optional<StoredPassword>> load_password(Call call, std::string user_id) override {
    auto job = [user_id = std::move(user_id)](Connection& connection) { return load(connection, user_id); };
    co_return co_await database_.read<std::optional<StoredPassword>>(call, std::move(job));
  }

  Task<bool> save_password(Call call, NewPassword password, Moment now) override {
    auto job = [this, password = std::move(password), now = std::move(now)](Connection& connection) {
      return save(connection, password, now, random_);
    };
    co_return co_await database_.write<bool>(call, std::move(job));
  }

  Task<std::int64_t> replace_password(Call call, Replacement replacement, Moment now) override {
    auto job = [this, replacement = std::move(replacement), now = std::move(now)](Connection& connection) {
      return replace(connection, replacement, now, random_);
    };
    co_return co_await database_.write<std::int64_t>(call, std::move(job));
  }

  Task<bool> upgrade_phc(Call call, PhcUpgrade change, WallTime now) override {
    auto job = [change = std::move(change), now](Connection& connection) { return upgrade(connection, change, now); };
    co_return co_await database_.write<bool>(call, std::move(job));
  }

  Task<void> delete_user(Call call, std::string user_id, WallTime now) override {
    auto job = [user_id = std::move(user_id), now](Connection& connection) { return remove(connection, user_id, now); };
    co_return co_await database_.write<void>(call, std::move(job));
  }

 private:
  sqlite::Database& database_;
  InFlight& in_flight_;
  Random& random_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(sqlite::Database& database, InFlight& in_flight, Random& random) {
  return std::make_unique<SqliteStore>(database, in_flight, random);
}

}  // namespace gatehouse::credential
