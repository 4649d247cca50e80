#include "identity/subject_key.h"

#include <algorithm>

#include "crypto/aead.h"

namespace gatehouse::identity {

SubjectKeys::Made SubjectKeys::make(std::string_view key_id) const {
  std::array<std::uint8_t, 32> key;
  random_.fill(key);
  Made made{.key = SecretKey(key), .box = crypto::seal(wrapping_key_, as_view(key), key_id, random_)};
  wipe(key.data(), key.size());
  return made;
}

Result<SecretKey> SubjectKeys::open(std::string_view key_id, std::string_view box) const {
  const auto opened = crypto::open(wrapping_key_, box, key_id);
  if (!opened) return pass(opened);
  std::array<std::uint8_t, 32> key;
  if (opened->reveal().size() != key.size())
    return fail(Code::data_loss, "sealed_box_broken", "Something went wrong on our side.",
                "a subject key of another size");
  std::ranges::copy(as_bytes(opened->reveal()), key.begin());
  SecretKey result(key);
  wipe(key.data(), key.size());
  return result;
}

Bytes octets_of(const SecretKey& key) { return Bytes(as_view(key.reveal())); }

}  // namespace gatehouse::identity
