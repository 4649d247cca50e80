#include "auth/refresh.h"

#include <chrono>
#include <utility>

namespace gatehouse::auth::refresh {
namespace {

bool is_same(const Digest& a, const Digest& b) { return equal_constant_time(as_view(a), as_view(b)); }

}  // namespace

Step decide(const Family& family, const Digest& presented, WallTime now, Milliseconds replay_window) {
  if (now >= family.expires_at) return Step::refuse;
  if (is_same(presented, family.current)) return Step::rotate;
  const bool is_predecessor = family.generation > 0 && is_same(presented, family.previous);
  const bool is_in_time = std::chrono::abs(now - family.rotated_at) <= replay_window;
  return is_predecessor && is_in_time ? Step::replay : Step::revoke;
}

Family rotated(Family family, Successor successor, WallTime now) {
  ++family.generation;
  family.previous = family.current;
  family.current = successor.token;
  family.sealed_successor = std::move(successor.sealed);
  family.rotated_at = now;
  return family;
}

}  // namespace gatehouse::auth::refresh
