// Sealed boxes: AES-256-GCM with a random 96-bit nonce. A box is version(1) ‖ nonce(12) ‖ ciphertext ‖ tag(16).
// One key seals at most 2^32 boxes (NIST SP 800-38D §8.3); ours are per purpose or per subject. Any thread.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"

namespace gatehouse::crypto {

[[nodiscard]] Bytes seal(const SecretKey& key, std::string_view plaintext, std::string_view associated, Random& random);
// DATA_LOSS sealed_box_broken when it was made under another key, for another purpose, or changed.
[[nodiscard]] Result<SecretString> open(const SecretKey& key, std::string_view box, std::string_view associated);

}  // namespace gatehouse::crypto
