// Revocations: the sessions whose access tokens are refused although they have not expired. One per shard, on its
// thread. An entry is held until the last token of its session has expired by more than the wall clock may yet be set
// back, and then dropped.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "base/clock.h"
#include "base/id.h"
#include "base/limits.h"

namespace gatehouse::gateway {

class Revocations {
 public:
  void add(const SessionId& session, WallTime until, WallTime now) {
    if (is_over(until, now)) return;
    auto& held = until_[session];
    held = std::max(held, until);
    if (until_.size() >= sweep_at_) sweep(now);
  }
  [[nodiscard]] bool contains(const SessionId& session) const { return until_.contains(session); }
  [[nodiscard]] std::size_t size() const { return until_.size(); }
  // Drops what has run out; done by add() whenever the set has doubled, so that it stays in proportion.
  void sweep(WallTime now) {
    std::erase_if(until_, [now](const auto& entry) { return is_over(entry.second, now); });
    sweep_at_ = std::max<std::size_t>(sweep_min, until_.size() * 2);
  }

 private:
  static bool is_over(WallTime until, WallTime now) { return until + Milliseconds{limits::clock_step_ms} <= now; }
  static constexpr std::size_t sweep_min = 1024;
  std::unordered_map<SessionId, WallTime> until_;
  std::size_t sweep_at_ = sweep_min;
};

}  // namespace gatehouse::gateway
