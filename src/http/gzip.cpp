#include "http/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "http/field_rules.h"

namespace gatehouse::http {

struct Compressor::Stream {
  z_stream deflate{};
  bool is_ready = false;
  Stream() {
    constexpr int gzip_window_bits = 15 + 16;  // zlib.h: 16 more asks for a gzip wrapper
    is_ready = deflateInit2(&deflate, 5, Z_DEFLATED, gzip_window_bits, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Stream() {
    if (is_ready) deflateEnd(&deflate);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;

bool Compressor::compress(std::string_view body, std::string& out) {
  if (!stream_) stream_ = std::make_unique<Stream>();
  auto& deflate_stream = stream_->deflate;
  if (!stream_->is_ready || deflateReset(&deflate_stream) != Z_OK) return false;
  out.resize(body.size());  // what does not fit in here is not worth sending
  deflate_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib.h: read only
  deflate_stream.avail_in = static_cast<uInt>(body.size());
  deflate_stream.next_out = reinterpret_cast<Bytef*>(out.data());
  deflate_stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&deflate_stream, Z_FINISH) != Z_STREAM_END) return false;
  out.resize(out.size() - deflate_stream.avail_out);
  return true;
}

namespace {

// The weight of one element of the list is zero: "q=0", "q=0.0", "q=0.000".
bool is_excluded(std::string_view parameters) {
  const auto weight = trim(parameters);
  if (weight.size() < 3 || (weight[0] != 'q' && weight[0] != 'Q') || weight[1] != '=') return false;
  return weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool accepts_gzip(std::string_view list) {
  bool any = false;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto element = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    const auto semicolon = std::min(element.find(';'), element.size());
    const auto coding = trim(element.substr(0, semicolon));
    const bool is_wanted = semicolon == element.size() || !is_excluded(element.substr(semicolon + 1));
    if (equal_ignoring_case(coding, "gzip") || equal_ignoring_case(coding, "x-gzip")) return is_wanted;
    if (coding == "*") any = is_wanted;
  }
  return any;
}

bool is_compressible(std::string_view content_type) {
  const auto type = trim(content_type.substr(0, content_type.find(';')));
  return type == "application/json" || type == "text/plain" || (type.starts_with("application/") && type.ends_with("+json"));
}

}  // namespace gatehouse::http
