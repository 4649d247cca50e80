// The chunked decoder. The answer does not depend on how the bytes were split; the body never exceeds its limit nor
// what came; an accepted body, chunked again in the plainest way, decodes to itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "http/chunked.h"

using gatehouse::http::ChunkedDecoder;
using Progress = ChunkedDecoder::Progress;

namespace {

constexpr std::size_t body_bytes_max = 4096;

void check(bool holds) {
  if (!holds) std::abort();
}

std::tuple<Progress, std::string, std::size_t> decode(std::string_view raw, std::size_t step) {
  ChunkedDecoder decoder(body_bytes_max);
  std::string body;
  std::size_t total = 0;
  Progress progress{};
  do {
    const std::string piece(raw.substr(total, step));  // of its own: a read past it is seen
    std::size_t consumed = 0;
    progress = decoder.feed(piece, body, consumed);
    check(consumed <= piece.size() && (consumed == piece.size() || progress != Progress::incomplete));
    total += consumed;
  } while (progress == Progress::incomplete && total < raw.size());
  check(body.size() <= body_bytes_max && body.size() <= raw.size());
  return {progress, body, total};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view raw(reinterpret_cast<const char*>(data), size);
  if (raw.empty()) return 0;
  const auto whole = decode(raw, raw.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, raw.size() / 2 + 1}) check(decode(raw, step) == whole);
  const auto& [progress, body, consumed] = whole;
  if (progress != Progress::complete) return 0;
  const std::string plain = body.empty() ? "0\r\n\r\n" : fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body);
  check(decode(plain, plain.size()) == std::tuple(Progress::complete, body, plain.size()));
  return 0;
}
