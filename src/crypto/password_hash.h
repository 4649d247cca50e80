// Argon2id (RFC 9106) in PHC string format, on libsodium. One call takes ~10 ms and `memory_kib` of memory:
// run it in the hash pool, never on a shard. Inside a HashArena (hash_arena.h) the memory is kept between calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/secret.h"

namespace gatehouse::crypto {

struct Argon2Params {
  std::uint32_t memory_kib = limits::argon2_memory_kib;
  std::uint32_t passes = limits::argon2_passes;  // lanes are fixed to 1
  auto operator<=>(const Argon2Params&) const = default;
};

[[nodiscard]] Result<std::string> hash_password(const SecretString& password, const Argon2Params& params,
                                                Random& random);

enum class Match : std::uint8_t { no = 0, yes = 1 };
// FAILED_PRECONDITION hash_unsupported | hash_too_costly for a stored hash that is malformed or above the
// ceiling of base/limits.h: it is refused before any work is done.
[[nodiscard]] Result<Match> verify_password(std::string_view phc, const SecretString& password);
[[nodiscard]] bool needs_rehash(std::string_view phc, const Argon2Params& params);
// A well-formed hash with these parameters that no password matches: what an unknown user is verified against.
[[nodiscard]] std::string dummy_hash(const Argon2Params& params, Random& random);

}  // namespace gatehouse::crypto
