#include "gateway/arrival.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/id.h"
#include "telemetry/trace.h"

namespace gatehouse::gateway {

namespace {

constexpr std::size_t trace_id_at = 3, trace_id_octets = 16, span_id_at = 36, span_id_octets = 8;

void write_hex(char* at, std::span<const std::uint8_t> octets) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const auto octet : octets) {
    *at++ = digits[octet >> 4];
    *at++ = digits[octet & 15];
  }
}

}  // namespace

IdRandom::IdRandom(Random& seed) {
  seed.fill({reinterpret_cast<std::uint8_t*>(state_.data()), sizeof state_});
  state_[0] |= 1;  // a state of zeros would stay one
}

std::uint64_t IdRandom::next() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
  const std::uint64_t shifted = s[1] << 17;
  s[2] ^= s[0], s[3] ^= s[1], s[1] ^= s[2], s[0] ^= s[3];
  s[2] ^= shifted;
  s[3] = std::rotl(s[3], 45);
  return result;
}

void IdRandom::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto word = next();
    const auto size = std::min(out.size(), sizeof word);
    std::memcpy(out.data(), &word, size);
    out = out.subspan(size);
  }
}

bool is_correlation_id(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_allowed);
}

InlineString<64> Arrivals::correlation_id_of(const http::Request* request, WallTime now) {
  const auto sent = request ? request->header("x-correlation-id") : std::string_view();
  if (is_correlation_id(sent)) return sent;
  return {Uuid::make_v7(now, random_).str()};
}

InlineString<56> Arrivals::trace_of(const http::Request& request) {
  char text[] = "00-00000000000000000000000000000000-0000000000000000-00";
  std::array<std::uint8_t, trace_id_octets + span_id_octets> ids{};
  random_.fill(ids);
  ids[0] |= 1, ids[trace_id_octets] |= 1;  // an id of zeros is none
  const auto sent = request.header("traceparent");
  const bool is_inside = !sent.empty() && request.count("traceparent") == 1 && telemetry::parse_trace_parent(sent);
  if (is_inside)
    std::memcpy(text + trace_id_at, sent.data() + trace_id_at, sizeof text - 1 - trace_id_at);
  else
    write_hex(text + trace_id_at, std::span(ids).first(trace_id_octets));
  write_hex(text + span_id_at, std::span(ids).last(span_id_octets));
  return {std::string_view(text, sizeof text - 1)};
}

Exchange Arrivals::begin(const http::Request& request) {
  Exchange exchange{.request = &request};
  exchange.arrived = {.wall = clock_.wall(), .steady = clock_.steady()};
  auto& call = exchange.call;
  call.deadline = exchange.arrived.steady + request_timeout_;
  call.correlation_id = correlation_id_of(&request, exchange.arrived.wall);
  call.trace_parent = trace_of(request);
  call.caller.source = proxies_.source_of(request);
  return exchange;
}

}  // namespace gatehouse::gateway
