// Subject keys: one AES key per person (or per challenge) that their data in events is sealed under. Destroying the
// key erases the person from every log. At rest each is sealed under one wrapping key, bound to its own id. Any thread.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/master_key.h"

namespace gatehouse::identity {

class SubjectKeys {
 public:
  SubjectKeys(const crypto::MasterKey& master_key, Random& random)
      : wrapping_key_(master_key.derive("identity.subject-key")), random_(random) {}

  struct Made {
    SecretKey key;
    Bytes box;  // what to store
  };
  [[nodiscard]] Made make(std::string_view key_id) const;
  [[nodiscard]] Result<SecretKey> open(std::string_view key_id, std::string_view box) const;  // DATA_LOSS

 private:
  SecretKey wrapping_key_;
  Random& random_;
};

// The bare key, for whoever is entitled to it: the answer of GetSubjectKey.
[[nodiscard]] Bytes octets_of(const SecretKey& key);

}  // namespace gatehouse::identity
