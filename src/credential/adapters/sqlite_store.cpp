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

Result<BegunAttempt> begin(Connection& connection, const Attempt& attempt, WallTime now) {
  auto removed = sqlite_attempts::remove_forgiven(connection, now);
  if (!removed) return pass(removed);
  auto decision = sqlite_attempts::reserve(connection, attempt, now);
  if (!decision) return pass(decision);
  BegunAttempt begun{.decision = *decision, .password = {}, .is_event_due = false};
  if (!begun.decision.is_admitted()) return begun;
  auto password = load(connection, attempt.user_id);
  if (!password) return pass(password);
  auto is_due = sqlite_attempts::is_event_due(connection, attempt, now);
  if (!is_due) return pass(is_due);
  begun.password = std::move(*password);
  begun.is_event_due = *is_due;
  return begun;
}

Done tell_failed(Connection& connection, const Attempt& attempt, const Moment& now, Random& random) {
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
  SqliteStore(sqlite::Database& database, Random& random) : database_(database), random_(random) {}

  Task<BegunAttempt> begin_attempt(Call call, Attempt attempt, WallTime now) override {
    auto job = [attempt = std::move(attempt), now](Connection& connection) { return begin(connection, attempt, now); };
    co_return co_await database_.write<BegunAttempt>(call, std::move(job));
  }

  Task<void> succeed_attempt(Call call, Attempt attempt, WallTime now) override {
    auto job = [attempt = std::move(attempt), now](Connection& connection) {
      return sqlite_attempts::succeed(connection, attempt, now);
    };
    co_return co_await database_.write<void>(call, std::move(job));
  }

  Task<void> release_attempt(Call call, Attempt attempt, WallTime now) override {
    auto job = [attempt = std::move(attempt), now](Connection& connection) {
      return sqlite_attempts::release(connection, attempt, now);
    };
    co_return co_await database_.write<void>(call, std::move(job));
  }

  Task<void> tell_failed_attempt(Call call, Attempt attempt, Moment now) override {
    auto job = [this, attempt = std::move(attempt), now = std::move(now)](Connection& connection) {
      return tell_failed(connection, attempt, now, random_);
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
  Random& random_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(sqlite::Database& database, Random& random) {
  return std::make_unique<SqliteStore>(database, random);
}

}  // namespace gatehouse::credential
