#include "drivers/sqlite/inbox.h"

#include <algorithm>

#include "base/id.h"

namespace gatehouse::sqlite {
namespace {

using events::DeadLetter;
using events::ParkedEvent;
using events::Position;

Done no_value(const Result<std::int64_t>& done) {
  if (!done) return pass(done);
  return {};
}

// The least UUIDv7 of a moment: every id made before sorts below it, as text too.
std::string least_id(WallTime at) {
  Uuid id;
  auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_ms(at)));
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes[i] = static_cast<std::uint8_t>(ms);
  return id.str();
}

Result<Position> find_position(Connection& connection, const std::string& consumer) {
  auto row = connection.query("SELECT offset, event_id FROM consumer_offsets WHERE consumer = ?", consumer);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return *has ? Position{row->integer(0), row->text(1)} : Position{};
}

// The ten columns of an event, in the order of event_tables.cpp, from `first` on.
events::Event event_at(const Statement& row, int first) {
  return {.event_id = row.text(first),
          .event_type = row.text(first + 1),
          .source = row.text(first + 2),
          .subject = row.text(first + 3),
          .subject_version = row.integer(first + 4),
          .occurred_at = from_ms(row.integer(first + 5)),
          .correlation_id = row.text(first + 6),
          .trace_parent = row.text(first + 7),
          .key_id = row.text(first + 8),
          .data = row.text(first + 9)};
}

Done put_parked(Connection& connection, const std::string& consumer, const ParkedEvent& parked,
                const std::string& error) {
  const auto& event = parked.logged.event;
  return no_value(connection.execute(
      "INSERT INTO parked_events (consumer, offset, event_id, event_type, source, subject, subject_version,"
      " occurred_at_ms, correlation_id, trace_parent, key_id, data, attempts, waits, next_at_ms, last_error)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (consumer, offset) DO UPDATE SET attempts = excluded.attempts, waits = excluded.waits,"
      " next_at_ms = excluded.next_at_ms, last_error = excluded.last_error",
      consumer, parked.logged.offset, event.event_id, event.event_type, event.source, event.subject,
      event.subject_version, to_ms(event.occurred_at), event.correlation_id, event.trace_parent, event.key_id,
      event.data, std::int64_t{parked.attempts}, std::int64_t{parked.waits}, to_ms(parked.next_at), error));
}

Done put_position(Connection& connection, const std::string& consumer, const Position& position,
                  const std::vector<ParkedEvent>& parked) {
  for (const auto& event : parked) {
    auto put = put_parked(connection, consumer, event, "");
    if (!put) return put;
  }
  return no_value(
      connection.execute("INSERT INTO consumer_offsets (consumer, offset, event_id) VALUES (?, ?, ?)"
                         " ON CONFLICT (consumer) DO UPDATE SET offset = excluded.offset, event_id = excluded.event_id",
                         consumer, position.offset, position.event_id));
}

// What is parked or dead moves below 1 and below where any of it was, so that no two rows meet on the way.
Done forget_position(Connection& connection, const std::string& consumer) {
  for (const auto* move :
       {"UPDATE parked_events SET offset = offset - (SELECT max(offset) - min(min(offset), 1) + 1 FROM parked_events"
        " WHERE consumer = ?1) WHERE consumer = ?1",
        "UPDATE dead_letters SET offset = offset - (SELECT max(offset) - min(min(offset), 1) + 1 FROM dead_letters"
        " WHERE consumer = ?1) WHERE consumer = ?1"}) {
    auto moved = connection.execute(move, consumer);
    if (!moved) return pass(moved);
  }
  return put_position(connection, consumer, {}, {});
}

Result<std::vector<ParkedEvent>> find_parked(Connection& connection, const std::string& consumer) {
  auto row = connection.query(
      "SELECT offset, attempts, waits, next_at_ms, event_id, event_type, source, subject, subject_version,"
      " occurred_at_ms, correlation_id, trace_parent, key_id, data FROM parked_events WHERE consumer = ? ORDER BY offset",
      consumer);
  if (!row) return pass(row);
  std::vector<ParkedEvent> found;
  auto has = row->step();
  for (; has && *has; has = row->step())
    found.push_back({.logged = {row->integer(0), event_at(*row, 4)},
                     .attempts = static_cast<std::uint32_t>(row->integer(1)),
                     .waits = static_cast<std::uint32_t>(row->integer(2)),
                     .next_at = from_ms(row->integer(3))});
  if (!has) return pass(has);
  return found;
}

Done delete_parked(Connection& connection, const std::string& consumer, std::int64_t offset) {
  return no_value(connection.execute("DELETE FROM parked_events WHERE consumer = ? AND offset = ?", consumer, offset));
}

// An event that dies twice, because a crash came between its burial and the saving of the offset, is one letter.
Done put_dead(Connection& connection, const DeadLetter& letter) {
  auto removed = delete_parked(connection, letter.consumer, letter.logged.offset);
  if (!removed) return removed;
  const auto& event = letter.logged.event;
  return no_value(connection.execute(
      "INSERT INTO dead_letters (consumer, topic, offset, event_id, event_type, source, subject, subject_version,"
      " occurred_at_ms, correlation_id, trace_parent, key_id, data, attempts, last_error, died_at_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (consumer, offset) DO UPDATE SET attempts = excluded.attempts, last_error = excluded.last_error,"
      " died_at_ms = excluded.died_at_ms",
      letter.consumer, letter.topic, letter.logged.offset, event.event_id, event.event_type, event.source,
      event.subject, event.subject_version, to_ms(event.occurred_at), event.correlation_id, event.trace_parent,
      event.key_id, event.data, std::int64_t{letter.attempts}, letter.last_error, to_ms(letter.died_at)));
}

Result<std::vector<DeadLetter>> find_dead(Connection& connection, const std::string& consumer, int limit) {
  auto row = connection.query(
      "SELECT id, consumer, topic, offset, attempts, last_error, died_at_ms, event_id, event_type, source, subject,"
      " subject_version, occurred_at_ms, correlation_id, trace_parent, key_id, data FROM dead_letters"
      " WHERE ?1 = '' OR consumer = ?1 ORDER BY id LIMIT ?2",
      consumer, limit);
  if (!row) return pass(row);
  std::vector<DeadLetter> found;
  auto has = row->step();
  for (; has && *has; has = row->step())
    found.push_back({.id = row->integer(0),
                     .consumer = row->text(1),
                     .topic = row->text(2),
                     .logged = {row->integer(3), event_at(*row, 7)},
                     .attempts = static_cast<std::uint32_t>(row->integer(4)),
                     .last_error = row->text(5),
                     .died_at = from_ms(row->integer(6))});
  if (!has) return pass(has);
  return found;
}

Done revive(Connection& connection, std::int64_t id, WallTime now) {
  auto copied = connection.execute(
      "INSERT INTO parked_events (consumer, offset, event_id, event_type, source, subject, subject_version,"
      " occurred_at_ms, correlation_id, trace_parent, key_id, data, attempts, waits, next_at_ms, last_error)"
      " SELECT consumer, offset, event_id, event_type, source, subject, subject_version, occurred_at_ms,"
      " correlation_id, trace_parent, key_id, data, 0, 0, ?2, last_error FROM dead_letters WHERE id = ?1"
      " ON CONFLICT (consumer, offset) DO NOTHING",
      id, to_ms(now));
  if (!copied) return pass(copied);
  auto removed = connection.execute("DELETE FROM dead_letters WHERE id = ?", id);
  if (!removed) return pass(removed);
  if (*removed == 0) return not_found("dead_letter_not_found", "There is no such dead letter.");
  return {};
}

class SqliteDeliveryStore final : public events::DeliveryStore {
 public:
  explicit SqliteDeliveryStore(Database& database) : database_(database) {}

  Task<Position> load_position(Call call, std::string consumer) override {
    auto job = [consumer](Connection& connection) { return find_position(connection, consumer); };
    co_return co_await database_.read<Position>(call, job);
  }
  Task<void> save_position(Call call, std::string consumer, Position position,
                           std::vector<ParkedEvent> parked) override {
    auto job = [consumer, position, parked](Connection& connection) {
      return put_position(connection, consumer, position, parked);
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> begin_again(Call call, std::string consumer) override {
    auto job = [consumer](Connection& connection) { return forget_position(connection, consumer); };
    co_return co_await database_.write<void>(call, job);
  }
  Task<std::int64_t> trim_claims(Call call, std::string consumer, WallTime before, int limit) override {
    auto job = [consumer, oldest_kept = least_id(before), limit](Connection& connection) {
      return connection.execute("DELETE FROM inbox WHERE consumer = ?1 AND event_id IN (SELECT event_id FROM inbox"
                                " WHERE consumer = ?1 AND event_id < ?2 LIMIT ?3)",
                                consumer, oldest_kept, limit);
    };
    co_return co_await database_.write<std::int64_t>(call, job);
  }
  Task<std::vector<ParkedEvent>> load_parked(Call call, std::string consumer) override {
    auto job = [consumer](Connection& connection) { return find_parked(connection, consumer); };
    co_return co_await database_.read<std::vector<ParkedEvent>>(call, job);
  }
  Task<void> update_parked(Call call, std::string consumer, ParkedEvent parked, std::string error) override {
    auto job = [consumer, parked, error](Connection& connection) {
      return put_parked(connection, consumer, parked, error);
    };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> remove_parked(Call call, std::string consumer, std::int64_t offset) override {
    auto job = [consumer, offset](Connection& connection) { return delete_parked(connection, consumer, offset); };
    co_return co_await database_.write<void>(call, job);
  }
  Task<void> bury(Call call, DeadLetter letter) override {
    auto job = [letter](Connection& connection) { return put_dead(connection, letter); };
    co_return co_await database_.write<void>(call, job);
  }
  Task<std::vector<DeadLetter>> list_dead(Call call, std::string consumer, int limit) override {
    auto job = [consumer, limit](Connection& connection) { return find_dead(connection, consumer, limit); };
    co_return co_await database_.read<std::vector<DeadLetter>>(call, job);
  }
  Task<void> replay_dead(Call call, std::int64_t id, WallTime now) override {
    auto job = [id, now](Connection& connection) { return revive(connection, id, now); };
    co_return co_await database_.write<void>(call, job);
  }

 private:
  Database& database_;
};

}  // namespace

Result<bool> claim_event(Connection& connection, std::string_view consumer, std::string_view event_id) {
  auto claimed = connection.execute("INSERT INTO inbox (consumer, event_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                                    consumer, event_id);
  if (!claimed) return pass(claimed);
  return *claimed == 1;
}

std::unique_ptr<events::DeliveryStore> make_delivery_store(Database& database) {
  return std::make_unique<SqliteDeliveryStore>(database);
}

}  // namespace gatehouse::sqlite
