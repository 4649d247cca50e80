#include "notification/adapters/sqlite_store.h"

#include <algorithm>

#include "drivers/sqlite/inbox.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::notification {
namespace {

using sqlite::Connection;

std::optional<std::int64_t> to_ms_if(std::optional<WallTime> time) {
  return time ? std::optional(to_ms(*time)) : std::nullopt;
}

Result<bool> is_over_full(Connection& connection) {
  auto row = connection.query("SELECT count(*) FROM mail_queue WHERE status = 'queued'");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return row->integer(0) > static_cast<std::int64_t>(mails_queued_max);
}

Result<std::optional<Template>> drop_one(Connection& connection) {
  auto row = connection.query(
      "DELETE FROM mail_queue WHERE id = (SELECT id FROM mail_queue WHERE status = 'queued'"
      " ORDER BY template = 'decoy' DESC, turn DESC, next_at_ms DESC LIMIT 1) RETURNING template");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  auto dropped = template_named(row->text(0));
  auto end = row->step();
  if (!end) return pass(end);
  return dropped;
}

// Fair queuing (Demers, Keshav, Shenker 1989) with mails as the unit: a mail's turn comes one after that of its origin's
// last, and whoever has none waiting joins those who are served now.
Result<std::optional<Template>> insert_mail(Connection& connection, const QueuedMail& mail) {
  auto inserted = connection.execute(
      "INSERT INTO mail_queue (id, template, priority, turn, origin, subject, correlation_id, key_id, box, created_at_ms,"
      " expires_at_ms, attempts, next_at_ms, status, last_error) VALUES (?1, ?2, ?3, max("
      "  (SELECT coalesce(max(turn) + 1, 0) FROM mail_queue WHERE status = 'queued' AND origin = ?4 AND priority = ?3),"
      "  (SELECT coalesce(min(turn), 0) FROM mail_queue WHERE status = 'queued' AND priority = ?3)),"
      " ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, 'queued', '')",
      mail.id, name_of(mail.which), priority_of(mail.which), mail.origin, mail.subject, mail.correlation_id, mail.key_id,
      sqlite::Blob{mail.box}, to_ms(mail.created_at), to_ms_if(mail.expires_at), to_ms(mail.next_at));
  if (!inserted) return pass(inserted);
  connection.mark_event();  // wakes whoever sends
  auto is_full = is_over_full(connection);
  if (!is_full) return pass(is_full);
  if (!*is_full) return std::nullopt;
  return drop_one(connection);
}

Result<std::optional<Template>> insert(Connection& connection, const QueuedMail& mail) {
  auto claimed = sqlite::claim_event(connection, consumer_name, mail.id);
  if (!claimed) return pass(claimed);
  if (!*claimed) return std::nullopt;
  return insert_mail(connection, mail);
}

// Whether one more alert may be told to `subject`, and if so, counts it. One from the future was told under a clock that
// has been set back since: it does not count.
Result<bool> admit_alert(Connection& connection, const std::string& subject, WallTime now) {
  const auto hour_ago = to_ms(now - std::chrono::hours{1});
  const auto forgotten = connection.execute("DELETE FROM alerts WHERE told_at_ms <= ?", hour_ago);
  if (!forgotten) return pass(forgotten);
  auto row = connection.query("SELECT count(*) FROM alerts WHERE subject = ? AND told_at_ms <= ?", subject, to_ms(now));
  if (!row) return pass(row);
  const auto has = row->step();
  if (!has) return pass(has);
  if (row->integer(0) >= alerts_per_hour_max) return false;
  const auto counted = connection.execute("INSERT INTO alerts (subject, told_at_ms) VALUES (?, ?)", subject, to_ms(now));
  if (!counted) return pass(counted);
  return true;
}

Result<std::vector<Template>> insert_alert(Connection& connection, const std::string& event_id,
                                           const std::vector<QueuedMail>& mails, WallTime now) {
  std::vector<Template> dropped;
  auto claimed = sqlite::claim_event(connection, consumer_name, event_id);
  if (!claimed) return pass(claimed);
  if (!*claimed) return dropped;
  auto admitted = admit_alert(connection, mails.front().subject, now);
  if (!admitted) return pass(admitted);
  if (!*admitted) return dropped;
  for (const auto& mail : mails) {
    auto inserted = insert_mail(connection, mail);
    if (!inserted) return pass(inserted);
    if (*inserted) dropped.push_back(**inserted);
  }
  return dropped;
}

// A time beyond the longest backoff was written under a clock that has been set back since: it counts as due.
Result<std::optional<QueuedMail>> select_due(Connection& connection, WallTime now) {
  auto row = connection.query(
      "SELECT id, template, subject, correlation_id, key_id, box, created_at_ms, expires_at_ms, attempts, next_at_ms"
      " FROM mail_queue WHERE status = 'queued' AND (next_at_ms <= ?1 OR next_at_ms > ?2)"
      " ORDER BY priority, turn, next_at_ms LIMIT 1",
      to_ms(now), to_ms(now + backoff_max));
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return std::nullopt;
  const auto which = template_named(row->text(1));
  if (!which) return fail(Code::data_loss, "storage_corrupt", "Something went wrong on our side.", "unknown mail template");
  return QueuedMail{.id = row->text(0),
                    .which = *which,
                    .subject = row->text(2),
                    .correlation_id = row->text(3),
                    .key_id = row->text(4),
                    .box = row->text(5),
                    .created_at = from_ms(row->integer(6)),
                    .expires_at = row->is_null(7) ? std::nullopt : std::optional(from_ms(row->integer(7))),
                    .attempts = static_cast<std::uint32_t>(row->integer(8)),
                    .next_at = from_ms(row->integer(9))};
}

Result<std::optional<Milliseconds>> select_wait(Connection& connection, WallTime now) {
  auto row = connection.query("SELECT min(next_at_ms) FROM mail_queue INDEXED BY mail_queue_due WHERE status = 'queued'");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (row->is_null(0)) return std::nullopt;
  return std::max(Milliseconds{0}, from_ms(row->integer(0)) - now);
}

Result<Backlog> select_backlog(Connection& connection) {
  auto row = connection.query(
      "SELECT count(*), min(created_at_ms) FROM mail_queue INDEXED BY mail_queue_due WHERE status = 'queued'");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return Backlog{.mails = row->integer(0),
                 .oldest = row->is_null(1) ? std::nullopt : std::optional(from_ms(row->integer(1)))};
}

Done tell_if_changed(Connection& connection, const Result<std::int64_t>& changed, const events::Event& told) {
  if (!changed) return pass(changed);
  if (*changed == 0) return {};  // another try of the same mail has said so already
  return sqlite::append_event(connection, told);
}

Done no_value(const Result<std::int64_t>& done) {
  if (!done) return pass(done);
  return {};
}

class SqliteMailStore final : public MailStore {
 public:
  explicit SqliteMailStore(sqlite::Database& database) : database_(database) {}

  Task<std::optional<Template>> enqueue(Call call, QueuedMail mail) override {
    auto job = [mail = std::move(mail)](Connection& connection) { return insert(connection, mail); };
    co_return co_await database_.write<std::optional<Template>>(call, std::move(job));
  }
  Task<std::vector<Template>> enqueue_alert(Call call, std::string event_id, std::vector<QueuedMail> mails,
                                            WallTime now) override {
    auto job = [event_id = std::move(event_id), mails = std::move(mails), now](Connection& connection) {
      return insert_alert(connection, event_id, mails, now);
    };
    co_return co_await database_.write<std::vector<Template>>(call, std::move(job));
  }
  Task<std::optional<QueuedMail>> find_due(Call call, WallTime now) override {
    auto job = [now](Connection& connection) { return select_due(connection, now); };
    co_return co_await database_.read<std::optional<QueuedMail>>(call, job);
  }
  Task<std::optional<Milliseconds>> until_due(Call call, WallTime now) override {
    auto job = [now](Connection& connection) { return select_wait(connection, now); };
    co_return co_await database_.read<std::optional<Milliseconds>>(call, job);
  }
  Task<Backlog> backlog(Call call) override {
    auto job = [](Connection& connection) { return select_backlog(connection); };
    co_return co_await database_.read<Backlog>(call, job);
  }
  Task<void> finish_sent(Call call, std::string id, events::Event told) override {
    auto job = [id, told](Connection& connection) {
      const auto removed = connection.execute("DELETE FROM mail_queue WHERE id = ? AND status = 'queued'", id);
      return tell_if_changed(connection, removed, told);
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> finish_failed(Call call, std::string id, std::string why, events::Event told) override {
    auto job = [id, why, told](Connection& connection) {
      const auto blanked = connection.execute(
          "UPDATE mail_queue SET status = 'failed', box = x'', key_id = '', last_error = ? WHERE id = ? AND status = 'queued'", why, id);
      return tell_if_changed(connection, blanked, told);
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> try_later(Call call, std::string id, AfterFailure after, std::string why) override {
    auto job = [id, after, why](Connection& connection) {
      return no_value(connection.execute("UPDATE mail_queue SET attempts = ?, next_at_ms = ?, last_error = ? WHERE id = ? AND status = 'queued'",
                                         std::int64_t{after.attempts}, to_ms(after.next_at), why, id));
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> forget(Call call, std::string id) override {
    auto job = [id](Connection& connection) {
      connection.mark_event();  // wakes whoever sends, as the event of a mail that was sent does: a decoy must not differ
      return no_value(connection.execute("DELETE FROM mail_queue WHERE id = ?", id));
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> forget_failed(Call call, WallTime created_before) override {
    auto job = [created_before](Connection& connection) {
      return no_value(connection.execute("DELETE FROM mail_queue WHERE status = 'failed' AND created_at_ms < ?", to_ms(created_before)));
    };
    co_return co_await database_.write<void>(call, job);
  }
  void on_enqueue(std::function<void()> wake) override { database_.on_event_commit(std::move(wake)); }

 private:
  sqlite::Database& database_;
};

}  // namespace

std::unique_ptr<MailStore> make_sqlite_store(sqlite::Database& database) { return std::make_unique<SqliteMailStore>(database); }

}  // namespace gatehouse::notification
