// The PHC string of an Argon2id hash, `$argon2id$v=19$m=…,t=…,p=1$salt$tag`, and nothing else: one spelling per hash
// (no leading zeros, no padding, members in this order), so that what parses formats back to the same text.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/password_hash.h"

namespace gatehouse::crypto {

inline constexpr std::size_t argon2_salt_bytes = 16;  // the only size libsodium takes
inline constexpr std::size_t argon2_tag_bytes = 32;   // what we make; stored ones may have 16 to 64

struct Phc {
  Argon2Params params;
  Bytes salt, tag;
};

// Nothing for what libsodium could not verify: another variant, version, lane count or salt size.
[[nodiscard]] std::optional<Phc> parse_phc(std::string_view text);
[[nodiscard]] std::string format_phc(const Phc& phc);

}  // namespace gatehouse::crypto
