// Time, from outside. Decisions take a WallTime as an argument; services hold a Clock&.
//
// WallTime is UTC with millisecond precision and may jump either way; SteadyTime never goes back and is
// what deadlines and back-offs inside one process are measured in. SystemClock is the one real clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

using Milliseconds = std::chrono::milliseconds;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime wall() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
};

// A clock that moves only when told to. For tests; not thread-safe while being moved.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime{Milliseconds{1'700'000'000'000}}) : wall_(start) {}
  [[nodiscard]] WallTime wall() const override { return wall_; }
  [[nodiscard]] SteadyTime steady() const override { return steady_; }
  void advance(Milliseconds by) { wall_ += by, steady_ += by; }  // time passes
  void step_wall(Milliseconds by) { wall_ += by; }               // someone sets the clock

 private:
  WallTime wall_;
  SteadyTime steady_{std::chrono::hours{1}};
};

[[nodiscard]] constexpr std::int64_t to_ms(WallTime time) { return time.time_since_epoch().count(); }
[[nodiscard]] constexpr WallTime from_ms(std::int64_t ms) { return WallTime{Milliseconds{ms}}; }
[[nodiscard]] constexpr std::int64_t to_seconds(WallTime time) { return to_ms(time) / 1000; }

// RFC 3339 in UTC with milliseconds: 2026-11-21T19:50:00.123Z
[[nodiscard]] std::string to_rfc3339(WallTime time);
[[nodiscard]] std::optional<WallTime> from_rfc3339(std::string_view text);

}  // namespace gatehouse
