#include "app/process.h"

#include <prometheus/gauge.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "app/version.h"
#include "crypto/digest.h"
#include "gateway/wire.h"
#include "identity/wire.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::app {
namespace {

constexpr auto signal_poll = std::chrono::milliseconds(20);
constexpr Milliseconds admin_drain_max{1'000};

unsigned core_count() { return std::max(1U, std::thread::hardware_concurrency()); }

std::size_t connections_per_source(const config::Server& server) {
  if (server.connections_per_source_max > 0) return server.connections_per_source_max;
  return std::max(1U, server.connections_max / 4);
}

}  // namespace

Result<std::unique_ptr<Process>> Process::open(const config::Config& config) {
  auto folder = DataFolder::open(config.storage.data_dir);
  if (!folder) return pass(folder);
  const unsigned shards = config.server.shards == 0 ? core_count() : config.server.shards;
  auto listeners = Listeners::open(config.server, *folder, shards);
  if (!listeners) return pass(listeners);
  auto platform =
      Platform::open(config, *std::move(folder), issuer_of(config, listeners->addresses.public_api), core_count());
  if (!platform) return pass(platform);
  std::unique_ptr<Process> process(new Process(*std::move(platform), listeners->addresses));
  for (unsigned i = 0; i < shards; ++i) {
    process->lanes_.push_back(std::make_unique<Lane>());
    process->lanes_.back()->shard = std::make_unique<Shard>(i);
  }
  if (auto built = process->build(*std::move(listeners)); !built) return pass(built);
  return process;
}

Process::Process(std::unique_ptr<Platform> platform, ListenAddresses addresses)
    : platform_(std::move(platform)),
      addresses_(std::move(addresses)),
      rate_limits_(platform_->config.rate_limit, platform_->clock, platform_->random) {
  const telemetry::Metrics::Labels labels{{"version", std::string(version)}};
  platform_->metrics.gauge("gatehouse_build_info", "Always 1; the labels say what this is.", labels).Set(1);
  for (const auto& [role, database] : platform_->databases.all()) {
    auto* one = database;
    health_.add("database", [one](Call call) { return one->check(call); });
  }
}

Process::~Process() = default;

Done Process::build(Listeners listeners) {
  for (auto& lane : lanes_) lane->roles = platform_->make_roles(*lane->shard);
  const auto take = [](std::vector<http::Listener>& from, std::size_t index) {
    return index < from.size() ? std::optional<http::Listener>(std::move(from[index])) : std::nullopt;
  };
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    auto built = build_lane(*lanes_[i], take(listeners.public_api, i), take(listeners.internal, i));
    if (!built) return built;
  }
  auto& first = *lanes_.front();
  background_ = std::make_unique<Background>(*platform_, *first.shard, first.roles);
  background_->add(gateway::sweep_registrations(*first.roles.identity, *first.roles.credential, platform_->clock));
  operator_ = std::make_unique<Operator>(*platform_, first.roles, background_->dead_letters());
  first.admin = make_server(first, *std::move(listeners.admin), *first.handlers.back());
  first.servers.push_back(make_server(first, *std::move(listeners.control), *operator_));
  return {};
}

Done Process::build_lane(Lane& lane, std::optional<http::Listener> listen_public,
                         std::optional<http::Listener> listen_internal) {
  const gateway::Parts parts{.identity = *lane.roles.identity,
                             .credential = *lane.roles.credential,
                             .auth = *lane.roles.auth,
                             .account = *lane.roles.account,
                             .revocations = platform_->buses.revocations,
                             .key_changes = platform_->buses.keys,
                             .permission_changes = platform_->buses.permissions,
                             .limits = rate_limits_,
                             .health = health_,
                             .config = platform_->config,
                             .issuer = platform_->issuer,
                             .service_keys = {platform_->service_auth_digest},
                             .clock = platform_->clock,
                             .random = platform_->random,
                             .metrics = platform_->metrics};
  // The admin gateway comes last: build() looks for it there.
  for (const auto make : {gateway::make_public_gateway, gateway::make_internal_gateway, gateway::make_admin_gateway}) {
    if (make == gateway::make_admin_gateway && lane.shard->index() != 0) continue;
    auto handler = make(*lane.shard, parts);
    if (!handler) return pass(handler);
    lane.handlers.push_back(*std::move(handler));
  }
  if (listen_public) lane.servers.push_back(make_server(lane, *std::move(listen_public), *lane.handlers[0]));
  if (listen_internal) lane.servers.push_back(make_server(lane, *std::move(listen_internal), *lane.handlers[1]));
  return {};
}

std::unique_ptr<http::Server> Process::make_server(Lane& lane, http::Listener listener, http::Handler& handler) {
  const auto& server = platform_->config.server;
  const bool is_operator = &handler == operator_.get();  // which has its own time, for commands take longer
  const http::ServerLimits limits{.header_timeout_ms = server.header_timeout_ms,
                                  .body_timeout_ms = server.body_timeout_ms,
                                  .idle_timeout_ms = server.idle_timeout_ms,
                                  .request_timeout_ms = is_operator ? 0 : server.request_timeout_ms,
                                  .connections_max = server.connections_max,
                                  .connections_per_source_max = connections_per_source(server)};
  return std::make_unique<http::Server>(*lane.shard, std::move(listener), handler, limits, platform_->metrics);
}

void Process::start() {
  background_->start();
  for (auto& lane : lanes_)
    for (auto& server : lane->servers) server->start();
  lanes_.front()->admin->start();
  for (auto& lane : lanes_) lane->shard->start();
}

Async<void> Process::drain(Lane& lane, Milliseconds delay, Milliseconds timeout) {
  for (auto& server : lane.servers) server->close_after_answers();
  if (delay > Milliseconds{0}) [[maybe_unused]] const bool goes_on = co_await sleep_for(delay);
  Scope scope(lane.shard->executor());
  for (auto& server : lane.servers) scope.spawn(server->drain(timeout));
  co_await scope.close(Scope::Stop::wait);
}

bool Process::stop(const std::function<bool()>& is_impatient) {
  health_.start_draining();
  operator_->stop();
  const Milliseconds delay{platform_->config.server.drain_delay_ms}, timeout{platform_->config.server.drain_timeout_ms};
  std::vector<std::future<void>> ends;
  const auto all_ended = [&] {
    for (auto& end : ends)
      while (end.wait_for(signal_poll) != std::future_status::ready)
        if (is_impatient()) return false;
    ends.clear();
    return true;
  };
  for (auto& lane : lanes_)
    ends.push_back(asio::co_spawn(lane->shard->executor(), drain(*lane, delay, timeout), asio::use_future));
  if (!all_ended()) return false;
  auto& first = *lanes_.front();
  ends.push_back(asio::co_spawn(first.shard->executor(), first.admin->drain(std::min(timeout, admin_drain_max)), asio::use_future));
  if (!all_ended()) return false;
  ends.push_back(asio::co_spawn(first.shard->executor(), background_->close(), asio::use_future));
  if (!all_ended()) return false;
  for (auto& lane : lanes_) lane->shard->stop();
  platform_->close();
  ::unlink(platform_->folder.control_socket().c_str());
  return true;
}

}  // namespace gatehouse::app
