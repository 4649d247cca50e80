#include "auth/key_ring.h"

#include <algorithm>

#include "base/limits.h"

namespace gatehouse::auth {

std::string_view name_of(KeyState state) {
  switch (state) {
    case KeyState::next: return "next";
    case KeyState::current: return "current";
    case KeyState::retired: return "retired";
  }
  return "retired";
}

const StoredKey* KeyRing::find(KeyState state) const {
  const auto found = std::ranges::find(keys, state, &StoredKey::state);
  return found == keys.end() ? nullptr : &*found;
}

KeyRing rotated(KeyRing ring, StoredKey fresh, WallTime now) {
  const bool has_next = ring.find(KeyState::next) != nullptr;
  for (auto& key : ring.keys) {
    if (key.state == KeyState::current) {
      key.state = KeyState::retired;
      key.retired_at = now;
    } else if (key.state == KeyState::next) {
      key.state = KeyState::current;
    }
  }
  fresh.state = has_next ? KeyState::next : KeyState::current;
  ring.keys.push_back(std::move(fresh));
  ++ring.generation;
  return ring;
}

bool is_published(const StoredKey& key, Milliseconds access_lifetime, WallTime now) {
  if (key.state != KeyState::retired) return true;
  const auto skew = std::chrono::seconds{limits::clock_skew_s};
  return now < key.retired_at + access_lifetime + skew + Milliseconds{limits::clock_step_ms};
}

WallTime rotation_due_at(const KeyRing& ring, Milliseconds interval) {
  WallTime latest{};
  for (const auto& key : ring.keys) latest = std::max(latest, key.created_at);
  return latest + interval;
}

}  // namespace gatehouse::auth
