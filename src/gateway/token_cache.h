// TokenCache: access tokens that have been verified, by SHA-256 of the token, so that a token's signature is checked
// once a shard and not once a request. One shard's thread.
//
// Bounded by two generations: when the young one is full it becomes the old one and what nobody asked for since is
// gone. The whole cache belongs to one key set: clear() it when the keys change.
#pragma once

#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/clock.h"
#include "runtime/call.h"

namespace gatehouse::gateway {

struct VerifiedToken {
  UserId user_id;
  SessionId session_id;
  std::int64_t expires_at_s = 0;  // skew included
  SteadyTime expires_at{};        // the same moment on the clock that nobody can set back
};

class TokenCache {
 public:
  explicit TokenCache(std::size_t entries_max) : generation_max_(entries_max / 2 + 1) {}

  // Null when unknown. The pointer holds until the next call.
  [[nodiscard]] const VerifiedToken* find(const Digest& digest) {
    if (const auto known = young_.find(digest); known != young_.end()) return &known->second;
    const auto aged = old_.find(digest);
    if (aged == old_.end()) return nullptr;
    const auto token = aged->second;
    old_.erase(aged);
    return put(digest, token);
  }
  const VerifiedToken* put(const Digest& digest, const VerifiedToken& token) {
    if (young_.size() >= generation_max_) {
      old_ = std::move(young_);
      young_.clear();
    }
    return &young_.insert_or_assign(digest, token).first->second;
  }
  void erase(const Digest& digest) {
    young_.erase(digest);
    old_.erase(digest);
  }
  void clear() {
    young_.clear();
    old_.clear();
  }
  [[nodiscard]] std::size_t size() const { return young_.size() + old_.size(); }

 private:
  struct DigestHash {  // the digest is a hash already, and nobody can choose it
    std::size_t operator()(const Digest& digest) const noexcept {
      std::size_t first = 0;
      std::memcpy(&first, digest.data(), sizeof first);
      return first;
    }
  };
  using Generation = std::unordered_map<Digest, VerifiedToken, DigestHash>;
  const std::size_t generation_max_;
  Generation young_, old_;
};

}  // namespace gatehouse::gateway
