// Process: Gatehouse while it serves. Builds everything, starts it, and takes it down again in an order in which every
// request in flight is answered. The only code that knows which roles are in this process.
//
// Built, started and stopped by the main thread, which waits for signals while the shards work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/background.h"
#include "app/listeners.h"
#include "app/operator.h"
#include "app/platform.h"
#include "gateway/rate_limits.h"
#include "http/server.h"
#include "telemetry/health.h"

namespace gatehouse::app {

// One shard with all that lives on it. Members end in reverse: servers before handlers, handlers before roles.
struct Lane {
  std::unique_ptr<Shard> shard;
  Roles roles;
  std::vector<std::unique_ptr<http::Handler>> handlers;
  std::vector<std::unique_ptr<http::Server>> servers;
  std::unique_ptr<http::Server> admin;  // of the first: drained last, so that readiness can be asked until then
};

class Process {
 public:
  // Everything that can go wrong goes wrong here, each with one sentence.
  [[nodiscard]] static Result<std::unique_ptr<Process>> open(const config::Config& config);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void start();
  // Not ready any more; after server.drain_delay_ms no new connection but to the admin listener; what is in flight is answered, up to the drain time-out; then the background
  // jobs, the shards, the hash pool and the databases end. False when `is_impatient` said so meanwhile: nothing is
  // joined then and the caller ends the program.
  [[nodiscard]] bool stop(const std::function<bool()>& is_impatient);

  [[nodiscard]] const ListenAddresses& addresses() const { return addresses_; }
  [[nodiscard]] const Platform& platform() const { return *platform_; }

 private:
  Process(std::unique_ptr<Platform> platform, ListenAddresses addresses);
  Done build(Listeners listeners);
  Done build_lane(Lane& lane, std::optional<http::Listener> listen_public,
                  std::optional<http::Listener> listen_internal);
  std::unique_ptr<http::Server> make_server(Lane& lane, http::Listener listener, http::Handler& handler);
  static Async<void> drain(Lane& lane, Milliseconds delay, Milliseconds timeout);

  // Destroyed in reverse: lanes before what all shards share.
  std::unique_ptr<Platform> platform_;
  const ListenAddresses addresses_;
  telemetry::Health health_;
  gateway::RateLimits rate_limits_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Background> background_;
  std::unique_ptr<Operator> operator_;
};

}  // namespace gatehouse::app
