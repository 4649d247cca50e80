// Compressor: gzip for response bodies, one reused deflate stream per server (zlib, ~260 KiB once used).
// One shard's thread only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace gatehouse::http {

class Compressor {
 public:
  Compressor();
  ~Compressor();

  // False, and `out` unspecified, when zlib has no memory or the result would not be smaller.
  [[nodiscard]] bool compress(std::string_view body, std::string& out);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;  // made at the first use
};

// RFC 9110 §12.5.3: `gzip` (or `*`) is listed with a weight above zero.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

// application/json and application/*+json, with or without parameters.
[[nodiscard]] bool is_compressible(std::string_view content_type);

}  // namespace gatehouse::http
