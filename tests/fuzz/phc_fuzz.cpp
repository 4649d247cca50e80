// PHC strings: what parses formats back to the very same text, and what is formatted parses to the same values.
#include <algorithm>

#include "base/ensure.h"
#include "crypto/phc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const auto text = as_view({data, size});
  if (const auto parsed = crypto::parse_phc(text)) {
    ensure(crypto::format_phc(*parsed) == text, "two texts for the same hash");
    ensure(!crypto::needs_rehash(text, parsed->params) || parsed->tag.size() != crypto::argon2_tag_bytes,
           "a hash with today's parameters wants a new one");
  } else {
    ensure(crypto::needs_rehash(text, {}), "an unreadable hash is kept");
  }
  if (size < crypto::argon2_salt_bytes + 16 + 2) return 0;
  const crypto::Phc phc{{8U + data[0], 1U + data[1]},
                        Bytes(text.substr(2, crypto::argon2_salt_bytes)),
                        Bytes(text.substr(2 + crypto::argon2_salt_bytes, 64))};
  const auto again = crypto::parse_phc(crypto::format_phc(phc));
  ensure(again && again->params == phc.params && again->salt == phc.salt && again->tag == phc.tag,
         "a hash lost in its text");
  return 0;
}
