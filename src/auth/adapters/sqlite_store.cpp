#include "auth/adapters/sqlite_store.h"

#include <utility>

#include "auth/adapters/sqlite_expiry.h"
#include "auth/adapters/sqlite_keys.h"
#include "auth/adapters/sqlite_sessions.h"

namespace gatehouse::auth {
namespace {

using sqlite::Connection;

class SqliteStore final : public Store {
 public:
  SqliteStore(sqlite::Database& database, Random& random) : database_(database), random_(random) {}

  Task<OpenedSession> open_session(Call call, OpenSession request, Moment now) override {
    auto job = [this, request = std::move(request), now = std::move(now)](Connection& connection) {
      return sqlite_sessions::open(connection, request, now, random_);
    };
    co_return co_await database_.write<OpenedSession>(call, std::move(job));
  }

  Task<RotationOutcome> rotate(Call call, Rotation request, Moment now) override {
    auto job = [this, request = std::move(request), now = std::move(now)](Connection& connection) {
      return sqlite_sessions::rotate(connection, request, now, random_);
    };
    co_return co_await database_.write<RotationOutcome>(call, std::move(job));
  }

  Task<std::vector<Session>> list_sessions(Call call, std::string user_id, std::optional<SessionId> before,
                                           std::size_t limit, WallTime now) override {
    sqlite_sessions::Page page{.user_id = std::move(user_id), .before = before, .limit = limit};
    auto job = [page = std::move(page), now](Connection& connection) {
      return sqlite_sessions::list(connection, page, now);
    };
    co_return co_await database_.read<std::vector<Session>>(call, std::move(job));
  }

  Task<std::vector<Revocation>> revoke(Call call, RevokeSessions request, Moment now) override {
    auto job = [this, request = std::move(request), now = std::move(now)](Connection& connection) {
      return sqlite_sessions::revoke(connection, request, now, random_);
    };
    co_return co_await database_.write<std::vector<Revocation>>(call, std::move(job));
  }

  Task<std::vector<Revocation>> list_revocations(Call call, WallTime now) override {
    auto job = [now](Connection& connection) { return sqlite_sessions::list_revocations(connection, now); };
    co_return co_await database_.read<std::vector<Revocation>>(call, std::move(job));
  }

  Task<KeyRing> load_keys(Call call) override {
    auto job = [](Connection& connection) { return sqlite_keys::load(connection); };
    co_return co_await database_.read<KeyRing>(call, std::move(job));
  }

  Task<KeyRing> add_first_keys(Call call, StoredKey current, StoredKey next) override {
    auto job = [current = std::move(current), next = std::move(next)](Connection& connection) {
      return sqlite_keys::add_first(connection, current, next);
    };
    co_return co_await database_.write<KeyRing>(call, std::move(job));
  }

  Task<KeyRing> rotate_keys(Call call, StoredKey fresh, bool is_forced, Moment now) override {
    auto job = [this, fresh = std::move(fresh), is_forced, now = std::move(now)](Connection& connection) {
      return sqlite_keys::rotate(connection, fresh, is_forced, now, random_);
    };
    co_return co_await database_.write<KeyRing>(call, std::move(job));
  }

  Task<Removed> remove_expired(Call call, WallTime before, WallTime keys_before, std::size_t rows_max) override {
    auto job = [before, keys_before, rows_max](Connection& connection) -> Result<Removed> {
      auto rows = sqlite_expiry::remove_expired(connection, before, rows_max);
      if (!rows) return pass(rows);
      auto generation = sqlite_keys::remove_retired(connection, keys_before);
      if (!generation) return pass(generation);
      return Removed{.rows = *rows, .generation = *generation};
    };
    co_return co_await database_.write<Removed>(call, std::move(job));
  }

 private:
  sqlite::Database& database_;
  Random& random_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(sqlite::Database& database, Random& random) {
  return std::make_unique<SqliteStore>(database, random);
}

}  // namespace gatehouse::auth
