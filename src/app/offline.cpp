#include "app/offline.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "app/operator.h"
#include "app/platform.h"
#include "telemetry/log.h"

namespace gatehouse::app {

Result<std::string> ask_offline(const config::Config& config, DataFolder folder, std::string command,
                                boost::json::object arguments) {
  log::set_level(log::Level::warn);
  auto platform = Platform::open(config, std::move(folder), issuer_of(config, config.server.public_address), 1);
  if (!platform) return pass(platform);
  Shard shard(0);
  auto roles = (*platform)->make_roles(shard);
  // Nothing consumes events here; what a command appends is delivered when the instance next runs.
  const auto stores = make_consumer_stores((*platform)->databases);
  std::vector<DeadLetterBox> boxes;
  for (const auto& [consumer, role, store] : stores) boxes.push_back({consumer, store.get(), nullptr});
  Operator handler(**platform, roles, std::move(boxes));
  shard.start();
  Call call;
  call.deadline = (*platform)->clock.steady() + std::chrono::seconds(30);
  auto answered =
      asio::co_spawn(shard.executor(), handler.run(call, std::move(command), std::move(arguments)), asio::use_future);
  auto answer = answered.get();
  shard.stop();
  (*platform)->close();
  return answer;
}

}  // namespace gatehouse::app
