// CORS (Fetch standard §3.2): exact origins from the configuration, never a reflection of what was sent, no
// credentials (tokens travel in a header). Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace gatehouse::gateway {

class Cors {
 public:
  explicit Cors(std::vector<std::string> origins) : origins_(std::move(origins)) {}

  // Adds what an answer to this request says about who may read it. Nothing when no origin is configured.
  void apply(const http::Request& request, http::Response& response) const;
  // The answer to OPTIONS on a path that allows `allow`: 204, a preflight's answer when it is one.
  [[nodiscard]] http::Response answer_options(const http::Request& request, const std::string& allow) const;

 private:
  [[nodiscard]] const std::string* allowed_origin(const http::Request& request) const;
  std::vector<std::string> origins_;
};

}  // namespace gatehouse::gateway
