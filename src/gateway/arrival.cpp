#include "gateway/arrival.h"

#include <algorithm>
#include <cstring>

#include "base/id.h"
#include "telemetry/trace.h"

namespace gatehouse::gateway {

void RandomBlock::fill(std::span<std::uint8_t> out) {
  if (out.size() > block_.size()) return source_.fill(out);
  if (used_ + out.size() > block_.size()) {
    source_.fill(block_);
    used_ = 0;
  }
  std::memcpy(out.data(), block_.data() + used_, out.size());
  used_ += out.size();
}

bool is_correlation_id(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, is_allowed);
}

InlineString<64> Arrivals::make_correlation_id() { return {Uuid::make_v7(clock_.wall(), random_).str()}; }

InlineString<56> Arrivals::trace_of(const http::Request& request) {
  const auto sent = request.header("traceparent");
  if (!sent.empty() && request.count("traceparent") == 1)
    if (const auto parent = telemetry::parse_trace_parent(sent))
      return {telemetry::child_of(*parent, random_).str()};
  return {telemetry::start_trace(false, random_).str()};
}

Call Arrivals::begin(const http::Request& request) {
  Call call;
  call.deadline = clock_.steady() + request_timeout_;
  const auto sent = request.header("x-correlation-id");
  call.correlation_id = is_correlation_id(sent) ? InlineString<64>(sent) : make_correlation_id();
  call.trace_parent = trace_of(request);
  call.caller.source = proxies_.source_of(request);
  return call;
}

}  // namespace gatehouse::gateway
