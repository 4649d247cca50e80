// A connection and its prepared statements, on one of the database's own threads. Statements are prepared once
// per connection and looked up by the address of their SQL literal: pass string literals only.
//
//   auto row = connection.query("SELECT id, version FROM users WHERE username_key = ?", key);
//   if (!row) return pass(row);                    // Result<Statement>
//   auto has = row->step();                        // Result<bool>: true while there is a row
//   row->text(0), row->integer(1), row->is_null(2)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace gatehouse::sqlite {

struct Blob {
  std::string_view bytes;
};

// A running statement; resets itself when it goes out of scope.
class Statement {
 public:
  explicit Statement(sqlite3* database, sqlite3_stmt* statement) : database_(database), statement_(statement) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Texts and blobs bound from here on are not copied: they live until the statement has run.
  void borrow_values() { is_borrowing_ = true; }
  Done bind(int index, std::string_view value);
  Done bind(int index, const std::string& value) { return bind(index, std::string_view(value)); }
  Done bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  Done bind(int index, std::int64_t value);
  Done bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Done bind(int index, bool value) { return bind(index, static_cast<std::int64_t>(value)); }
  Done bind(int index, Blob value);
  Done bind(int index, std::nullptr_t);
  template <class T>
  Done bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, nullptr);
  }

  // True: there is a row to read. False: done.
  [[nodiscard]] Result<bool> step();
  [[nodiscard]] std::string text(int column) const;  // text or blob octets
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_;
  bool is_borrowing_ = false;
};

class Connection {
 public:
  explicit Connection(sqlite3* database) : database_(database) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Binds the arguments in order. ALREADY_EXISTS unique_violation is how a broken UNIQUE constraint comes back
  // from step() and execute().
  template <class... Args>
  [[nodiscard]] Result<Statement> query(const char* sql, const Args&... args) {
    auto statement = prepare(sql);
    if (!statement) return statement;
    if (auto bound = bind_all(*statement, args...); !bound) return pass(bound);
    return statement;
  }
  // Runs a statement that returns no rows and tells how many rows it changed.
  template <class... Args>
  [[nodiscard]] Result<std::int64_t> execute(const char* sql, const Args&... args) {
    auto statement = prepare(sql);
    if (!statement) return pass(statement);
    statement->borrow_values();
    if (auto bound = bind_all(*statement, args...); !bound) return pass(bound);
    auto stepped = statement->step();
    if (!stepped) return pass(stepped);
    return changes();
  }
  [[nodiscard]] std::int64_t changes() const;

  // Set when the transaction appended an event, or anything else that the wakes of on_event_commit() should look at.
  void mark_event() { has_event_ = true; }
  [[nodiscard]] bool take_event_mark() { return std::exchange(has_event_, false); }
  // Set by a job that erased what must not be found again: its old pages leave the write-ahead log with the commit.
  void mark_erasure() { has_erasure_ = true; }
  [[nodiscard]] bool take_erasure_mark() { return std::exchange(has_erasure_, false); }
  [[nodiscard]] sqlite3* handle() const { return database_; }

 private:
  [[nodiscard]] Result<Statement> prepare(const char* sql);
  template <class... Args>
  static Done bind_all(Statement& statement, const Args&... args) {
    int index = 0;
    Done bound;
    ((bound = bound ? statement.bind(++index, args) : std::move(bound)), ...);
    return bound;
  }
  sqlite3* database_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  bool has_event_ = false;
  bool has_erasure_ = false;
};

}  // namespace gatehouse::sqlite
