#include "drivers/sqlite/outbox.h"

namespace gatehouse::sqlite {
namespace {

Result<std::vector<events::LoggedEvent>> read_events(Connection& connection, std::int64_t after, int limit) {
  auto row = connection.query(
      "SELECT offset, event_id, event_type, source, subject, subject_version, occurred_at_ms, correlation_id,"
      " trace_parent, key_id, data FROM outbox WHERE offset > ? ORDER BY offset LIMIT ?",
      after, limit);
  if (!row) return pass(row);
  std::vector<events::LoggedEvent> read;
  auto has = row->step();
  for (; has && *has; has = row->step())
    read.push_back({.offset = row->integer(0),
                    .event = {.event_id = row->text(1),
                              .event_type = row->text(2),
                              .source = row->text(3),
                              .subject = row->text(4),
                              .subject_version = row->integer(5),
                              .occurred_at = from_ms(row->integer(6)),
                              .correlation_id = row->text(7),
                              .trace_parent = row->text(8),
                              .key_id = row->text(9),
                              .data = row->text(10)}});
  if (!has) return pass(has);
  return read;
}

Result<bool> has_event(Connection& connection, const events::Position& position) {
  auto row = connection.query("SELECT 1 FROM outbox WHERE offset = ? AND event_id = ?", position.offset, position.event_id);
  if (!row) return pass(row);
  return row->step();
}

class OutboxLog final : public events::EventLog {
 public:
  OutboxLog(Database& database, std::string_view topic) : database_(database), topic_(topic) {}

  [[nodiscard]] std::string_view topic() const override { return topic_; }

  Task<std::vector<events::LoggedEvent>> read(Call call, std::int64_t after, int limit) override {
    auto job = [after, limit](Connection& connection) { return read_events(connection, after, limit); };
    co_return co_await database_.read<std::vector<events::LoggedEvent>>(call, job);
  }

  Task<bool> holds(Call call, events::Position position) override {
    auto job = [position](Connection& connection) { return has_event(connection, position); };
    co_return co_await database_.read<bool>(call, job);
  }

  void on_append(std::function<void()> wake) override { database_.on_event_commit(std::move(wake)); }

 private:
  Database& database_;
  std::string topic_;
};

}  // namespace

Done append_event(Connection& connection, events::Event event) {
  auto counted = connection.execute(
      "INSERT INTO subject_versions (source, subject, version) VALUES (?, ?, 1)"
      " ON CONFLICT (source, subject) DO UPDATE SET version = version + 1",
      event.source, event.subject);
  if (!counted) return pass(counted);
  auto appended = connection.execute(
      "INSERT INTO outbox (event_id, event_type, source, subject, occurred_at_ms, correlation_id, trace_parent, key_id,"
      " data, subject_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
      " (SELECT version FROM subject_versions WHERE source = ?3 AND subject = ?4))",
      event.event_id, event.event_type, event.source, event.subject, to_ms(event.occurred_at), event.correlation_id,
      event.trace_parent, event.key_id, event.data);
  if (!appended) return pass(appended);
  connection.mark_event();
  return {};
}

std::unique_ptr<events::EventLog> make_event_log(Database& database, std::string_view topic) {
  return std::make_unique<OutboxLog>(database, topic);
}

}  // namespace gatehouse::sqlite
