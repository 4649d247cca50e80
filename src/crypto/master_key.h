// The master key: 256 random bits (32 raw octets) in a file of mode 0600, from which every key that protects data at
// rest is derived by purpose (HKDF). Losing the file loses what is sealed under it; a backup needs both.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"

namespace gatehouse::crypto {

class MasterKey {
 public:
  explicit MasterKey(SecretKey key) : key_(std::move(key)) {}
  // Reads the key, or makes it (and its folder) on first start: a temporary file, fsynced, then linked to its name,
  // which cannot overwrite a key that another process made at the same time.
  // FAILED_PRECONDITION master_key_unreadable | master_key_exposed (readable by others) | master_key_malformed.
  [[nodiscard]] static Result<MasterKey> load_or_create(const std::filesystem::path& file, Random& random);
  // The same of a file that is there; what is not there is fine, for the first start makes it.
  [[nodiscard]] static Done check(const std::filesystem::path& file);
  [[nodiscard]] SecretKey derive(std::string_view purpose) const;

 private:
  SecretKey key_;
};

}  // namespace gatehouse::crypto
