// ChunkedDecoder: takes the chunked coding off a body (RFC 9112 §7.1). Strict, incremental, no I/O.
//
// Extensions are read and forgotten, at most limits::chunk_extension_bytes_max of them in the whole body; trailers
// are checked, bounded and dropped, so that none can become a field (S-75).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::http {

class ChunkedDecoder {
 public:
  enum class Progress : std::uint8_t { incomplete, complete, refused, too_large };

  explicit ChunkedDecoder(std::size_t body_bytes_max) : body_bytes_max_(body_bytes_max) {}

  // Appends what `raw` holds of the body to `body`; `consumed` becomes the octets of `raw` that belong to it. Every
  // result but `incomplete` is final; after `complete` the rest of `raw` is the next request.
  Progress feed(std::string_view raw, std::string& body, std::size_t& consumed);

 private:
  enum class State : std::uint8_t {
    size_first, size, extension, size_lf, data, data_cr, data_lf,
    trailer_first, trailer_name, trailer_value, trailer_lf, last_lf, complete, refused, too_large,
  };

  [[nodiscard]] State step(char c, std::size_t body_size);
  [[nodiscard]] State take_size(char c);
  [[nodiscard]] State end_size_line(char c, std::size_t body_size);
  [[nodiscard]] State take_extension(char c);
  [[nodiscard]] State take_trailer(char c);

  std::size_t body_bytes_max_;
  std::uint64_t chunk_left_ = 0;
  unsigned size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  State state_ = State::size_first;
};

}  // namespace gatehouse::http
