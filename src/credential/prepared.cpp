#include "credential/prepared.h"

#include "crypto/aead.h"

namespace gatehouse::credential {

Bytes seal_prepared(const SecretKey& key, std::string_view phc, std::string_view user_id, Random& random) {
  return crypto::seal(key, phc, user_id, random);
}

Result<std::string> open_prepared(const SecretKey& key, std::string_view box, std::string_view user_id) {
  const auto opened = crypto::open(key, box, user_id);
  if (!opened) return pass(opened);
  return std::string(opened->reveal());
}

}  // namespace gatehouse::credential
