// What all connections of one Server share. Owned by the Server, used on its shard's thread only.
#pragma once

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "http/gzip.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/server.h"
#include "http/server_stats.h"
#include "http/source_counts.h"

namespace gatehouse::http {

// The working memory of one request, or of a burst of pipelined ones. Lent to a connection while it is not idle.
struct Exchange {
  RequestParser parser;
  WriteBuffer out;
  std::string body;
};

class ExchangePool {
 public:
  [[nodiscard]] std::unique_ptr<Exchange> take() {
    if (free_.empty()) return std::make_unique<Exchange>();
    auto exchange = std::move(free_.back());
    free_.pop_back();
    return exchange;
  }
  void give_back(std::unique_ptr<Exchange> exchange) {
    constexpr std::size_t kept_max = 256, kept_bytes_max = 16 * 1024;
    if (free_.size() >= kept_max) return;
    exchange->out.clear();
    exchange->out.give_back_above(kept_bytes_max);
    // A request that ended half-way has left a part of its body: nothing of one client may reach the next.
    exchange->body.clear();
    if (exchange->body.capacity() > kept_bytes_max) exchange->body = {};
    free_.push_back(std::move(exchange));
  }

 private:
  std::vector<std::unique_ptr<Exchange>> free_;
};

class Connection;
using ConnectionHook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

struct ServerContext {
  ServerContext(Handler& request_handler, const ServerLimits& server_limits, telemetry::Metrics& metrics)
      : handler(request_handler), limits(server_limits), stats(metrics) {
    const auto shortest = std::min({limits.header_timeout_ms, limits.body_timeout_ms, limits.idle_timeout_ms,
                                    limits.write_timeout_ms,
                                    limits.request_timeout_ms > 0 ? limits.request_timeout_ms : limits.write_timeout_ms});
    sweep_ms = std::clamp<std::uint32_t>(shortest / 8, 1, 250);
    refresh();
  }

  // Called by the sweep: time on the hot path is the sweep's, at most `sweep_ms` old.
  void refresh() {
    const auto since_start = clock.steady() - start;
    now_ms = static_cast<std::uint32_t>(std::chrono::duration_cast<Milliseconds>(since_start).count());
    common.refresh(clock.wall());
  }

  const SystemClock clock;  // sockets live in real time
  const SteadyTime start = clock.steady();
  Handler& handler;
  const ServerLimits limits;
  ServerStats stats;
  CommonFields common;
  Compressor compressor;
  std::string compressed;  // the one body being compressed
  ExchangePool exchanges;
  std::uint32_t sweep_ms = 250;
  std::uint32_t now_ms = 0;  // since the start; wraps after 49 days, so only differences mean anything
  std::size_t connections = 0;
  SourceCounts sources;
  std::size_t held_bytes = 0;  // for requests still arriving and responses not yet read: what Connection::hold counted
  bool is_draining = false;
  bool keeps_alive = true;  // false: each answer is its connection's last
};

}  // namespace gatehouse::http
