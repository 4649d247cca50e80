#include "app/listeners.h"

#include <fmt/format.h>

namespace gatehouse::app {
namespace {

// Which key to change.
std::unexpected<Error> refused(Error why, std::string_view key) {
  why.message = fmt::format("{}: {}", key, why.message);
  return std::unexpected(std::move(why));
}

// One listener per shard on the same address; a Unix socket has one only.
Result<std::string> open_all(const std::string& address, unsigned shards, std::vector<http::Listener>& into) {
  auto first = http::Listener::open(address, shards > 1);
  if (!first) return pass(first);
  const auto bound = first->address();
  into.push_back(*std::move(first));
  if (address.starts_with("unix:")) return bound;
  for (unsigned i = 1; i < shards; ++i) {
    auto next = http::Listener::open(bound, true);
    if (!next) return pass(next);
    into.push_back(*std::move(next));
  }
  return bound;
}

}  // namespace

Result<Listeners> Listeners::open(const config::Server& config, const DataFolder& folder, unsigned shards) {
  Listeners listeners;
  auto public_api = open_all(config.public_address, shards, listeners.public_api);
  if (!public_api) return refused(std::move(public_api).error(), "server.public_address");
  auto internal = open_all(config.internal_address, shards, listeners.internal);
  if (!internal) return refused(std::move(internal).error(), "server.internal_address");
  auto admin = http::Listener::open(config.admin_address, false);
  if (!admin) return refused(std::move(admin).error(), "server.admin_address");
  auto control = http::Listener::open("unix:" + folder.control_socket().string(), false);
  if (!control) return pass(control);
  control->leave_file();  // Process::stop removes it
  listeners.addresses = {.public_api = *public_api, .admin = admin->address(), .internal = *internal};
  listeners.admin = *std::move(admin);
  listeners.control = *std::move(control);
  return listeners;
}

}  // namespace gatehouse::app
