// Signing keys through their life: next → current → retired → gone. Pure decisions; any thread.
//
// A key is published one rotation before it signs, so that whoever caches the key set knows it by then, and stays
// published until the last token it signed has expired.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

namespace gatehouse::auth {

enum class KeyState : std::uint8_t { next, current, retired };
[[nodiscard]] std::string_view name_of(KeyState state);

struct StoredKey {
  std::string kid, alg;
  KeyState state = KeyState::next;
  Bytes sealed;  // PKCS#8 under the master key, associated data: kid
  std::string jwk;
  WallTime created_at{};
  WallTime retired_at{};  // when it stopped signing; the epoch: it has not
};

struct KeyRing {
  std::vector<StoredKey> keys;
  std::int64_t generation = 0;  // grows with every change
  [[nodiscard]] const StoredKey* find(KeyState state) const;
};

// The ring after a rotation: next signs, current is retired, `fresh` is next. Without a next, `fresh` signs at once
// and the ring stays without one: what signs is never left out.
[[nodiscard]] KeyRing rotated(KeyRing ring, StoredKey fresh, WallTime now);

// FAILED_PRECONDITION next_key_not_known_yet: a key set from before the next key may still be in somebody's cache, and
// they would refuse what it signs. Nobody has one from before the first ring.
[[nodiscard]] Done may_rotate(const KeyRing& ring, WallTime now);

// Whether a retired key may still have signed a valid token.
[[nodiscard]] bool is_published(const StoredKey& key, Milliseconds access_lifetime, WallTime now);

// When the next rotation by schedule is due. The key that is next was made at the latest rotation.
[[nodiscard]] WallTime rotation_due_at(const KeyRing& ring, Milliseconds interval);

}  // namespace gatehouse::auth
