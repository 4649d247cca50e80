#include "credential/adapters/sqlite_store.h"

#include <utility>

#include "credential/adapters/sqlite_attempts.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::credential {
namespace {

using sqlite::Connection;

Result<std::optional<std::string>> load(Connection& connection, const std::string& user_id) {
  auto row = connection.query("SELECT phc FROM passwords WHERE user_id = ?", user_id);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return std::optional<std::string>();
  return std::optional(row->text(0));
}

Result<BegunAttempt> begin(Connection& connection, const Attempt& attempt, WallTime now) {
  auto removed = sqlite_attempts::remove_forgiven(connection, now);
  if (!removed) return pass(removed);
  auto decision = sqlite_attempts::reserve(connection, attempt, now);
  if (!decision) return pass(decision);
  BegunAttempt begun{.decision = *decision, .phc = {}, .is_event_due = false};
  if (!begun.decision.is_admitted()) return begun;
  auto phc = load(connection, attempt.user_id);
  if (!phc) return pass(phc);
  auto is_due = sqlite_attempts::is_event_due(connection, attempt, now);
  if (!is_due) return pass(is_due);
  begun.phc = std::move(*phc);
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

Result<bool> save(Connection& connection, const NewPassword& password, const Moment& now, Random& random) {
  const char* insert =
      "INSERT INTO passwords (user_id, phc, unicode_version, set_at, hashed_at) VALUES (?1, ?2, ?3, ?4, ?4) "
      "ON CONFLICT (user_id) DO NOTHING";
  const char* upsert =
      "INSERT INTO passwords (user_id, phc, unicode_version, set_at, hashed_at) VALUES (?1, ?2, ?3, ?4, ?4) "
      "ON CONFLICT (user_id) DO UPDATE SET phc = excluded.phc, unicode_version = excluded.unicode_version, "
      "set_at = excluded.set_at, hashed_at = excluded.hashed_at";
  auto changed = connection.execute(password.replace ? upsert : insert, password.user_id, password.phc,
                                    password.unicode_version, to_ms(now.at));
  if (!changed) return pass(changed);
  if (*changed == 0) return false;
  if (password.replace) {
    auto forgotten = sqlite_attempts::forget_user(connection, password.user_id);
    if (!forgotten) return pass(forgotten);
  }
  auto told = sqlite::append_event(connection, password_set(now, password.user_id, random));
  if (!told) return pass(told);
  return true;
}

Result<bool> upgrade(Connection& connection, const PhcUpgrade& upgrade, WallTime now) {
  auto changed = connection.execute("UPDATE passwords SET phc = ?, hashed_at = ? WHERE user_id = ? AND phc = ?",
                                    upgrade.new_phc, to_ms(now), upgrade.user_id, upgrade.old_phc);
  if (!changed) return pass(changed);
  return *changed > 0;
}

Done remove(Connection& connection, const std::string& user_id) {
  connection.mark_erasure();
  auto removed = connection.execute("DELETE FROM passwords WHERE user_id = ?", user_id);
  if (!removed) return pass(removed);
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

  Task<std::optional<std::string>> load_phc(Call call, std::string user_id) override {
    auto job = [user_id = std::move(user_id)](Connection& connection) { return load(connection, user_id); };
    co_return co_await database_.read<std::optional<std::string>>(call, std::move(job));
  }

  Task<bool> save_password(Call call, NewPassword password, Moment now) override {
    auto job = [this, password = std::move(password), now = std::move(now)](Connection& connection) {
      return save(connection, password, now, random_);
    };
    co_return co_await database_.write<bool>(call, std::move(job));
  }

  Task<bool> upgrade_phc(Call call, PhcUpgrade change, WallTime now) override {
    auto job = [change = std::move(change), now](Connection& connection) { return upgrade(connection, change, now); };
    co_return co_await database_.write<bool>(call, std::move(job));
  }

  Task<void> delete_user(Call call, std::string user_id) override {
    auto job = [user_id = std::move(user_id)](Connection& connection) { return remove(connection, user_id); };
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
