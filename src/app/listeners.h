// Listeners: every address this process listens on, bound before anything else happens, so that a port in use is the
// first thing said. Main thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/data_folder.h"
#include "config/config.h"
#include "http/server.h"

namespace gatehouse::app {

// As bound: port 0 has become a real one.
struct ListenAddresses {
  std::string public_api, admin, internal;
};

struct Listeners {
  std::vector<http::Listener> public_api, internal;  // one per shard; only the first of a Unix socket
  std::optional<http::Listener> admin, control;      // shard 0's
  ListenAddresses addresses;

  // Errors of http::Listener::open.
  [[nodiscard]] static Result<Listeners> open(const config::Server& config, const DataFolder& folder, unsigned shards);
};

}  // namespace gatehouse::app
