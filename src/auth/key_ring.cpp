#include "auth/key_ring.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

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

Done may_rotate(const KeyRing& ring, WallTime now) {
  constexpr std::chrono::seconds kept{limits::key_set_kept_s};
  const auto* next = ring.find(KeyState::next);
  if (next == nullptr || ring.generation <= 1 || now - next->created_at >= kept) return {};
  const auto known_in = std::chrono::ceil<std::chrono::seconds>(kept - (now - next->created_at));
  return fail(Code::failed_precondition, "next_key_not_known_yet",
              fmt::format("The next key was published less than {} s ago, and services may keep the key set that long: they would "
                          "refuse its tokens. Try again in {} s; if the key that signs has leaked, rotate with --force.",
                          limits::key_set_kept_s, std::min(known_in, kept).count()));
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
