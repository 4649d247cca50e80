// base64url: what decodes encodes back to the very same text, and every octet string survives the round.
#include "base/bytes.h"
#include "base/ensure.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const auto text = as_view({data, size});
  if (const auto decoded = from_base64url(text))
    ensure(to_base64url(*decoded) == text, "two texts for the same octets");
  ensure(from_base64url(to_base64url(text)) == text, "octets lost in base64url");
  return 0;
}
