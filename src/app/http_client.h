// A small blocking HTTP/1.1 client for the command line: one request, one connection, over TCP or a Unix socket. Not
// for the server: it blocks its thread. https is not spoken: point it at the plain listener, or at a local TLS tunnel.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gatehouse::app {

struct Endpoint {
  std::string host;  // name or address without brackets; empty for a Unix socket
  std::string port;
  std::string path;    // of a Unix socket
  std::string prefix;  // path of the URL, without a final '/'
  [[nodiscard]] std::string authority() const;
};

// "http://host:port", "http://host" or "unix:/path". INVALID_ARGUMENT usage with a sentence.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view url);

struct ClientRequest {
  std::string method = "GET";
  std::string target;  // "/api/v1/users/me"
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // JSON, or empty
  int answer_timeout_s = 30;  // 0: for ever
};
struct ClientResponse {
  int status = 0;
  std::string body;
};

// UNAVAILABLE unreachable: nobody listens there, or the answer was none.
[[nodiscard]] Result<ClientResponse> fetch(const Endpoint& endpoint, const ClientRequest& request);

// The answer's octets taken apart: what fetch() does once the connection has closed. Pure.
[[nodiscard]] Result<ClientResponse> parse_response(std::string_view octets);

}  // namespace gatehouse::app
