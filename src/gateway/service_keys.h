// ServiceKeys: the keys by which services behind the gateway prove themselves (x-service-auth). Held as SHA-256
// digests; two may be valid at once, so that a key can be changed without a gap. Immutable; any thread.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace gatehouse::gateway {

class ServiceKeys {
 public:
  ServiceKeys() = default;
  explicit ServiceKeys(std::vector<Digest> digests) : digests_(std::move(digests)) {}

  // In time that does not depend on how much of a key was right, nor on which.
  [[nodiscard]] bool accepts(std::string_view key) const {
    if (key.empty()) return false;
    const auto digest = crypto::sha256(key);
    bool is_one = false;
    for (const auto& known : digests_) is_one = equal_constant_time(as_view(digest), as_view(known)) || is_one;
    return is_one;
  }

 private:
  std::vector<Digest> digests_;
};

}  // namespace gatehouse::gateway
