// What no key can know alone: combinations that would be unsafe or cannot work.
#include <fmt/format.h>

#include "config/load.h"
#include "config/value.h"

namespace gatehouse::config {
namespace {

std::unexpected<Error> refuse(std::string message) { return fail(Code::invalid_argument, "config_invalid", message); }

// RFC 9106 and OWASP: one pass over less than 46 MiB is too cheap to guess against.
constexpr std::uint32_t one_pass_memory_kib_min = 46 * 1024;

Done check_listeners(const Server& server) {
  const std::pair<std::string_view, const std::string*> listeners[] = {
      {"server.public_address", &server.public_address},
      {"server.internal_address", &server.internal_address},
      {"server.admin_address", &server.admin_address}};
  for (const auto& [path, text] : listeners) {
    const auto address = parse_address(*text);
    if (address && !address->is_loopback() && !server.allow_plaintext)
      return refuse(fmt::format(
          "\"{}\" is {}: what it answers would leave this machine unencrypted. Put a TLS proxy in front and set "
          "server.allow_plaintext: true to say so, or listen on 127.0.0.1",
          path, *text));
  }
  if (server.public_address == server.admin_address || server.public_address == server.internal_address ||
      server.admin_address == server.internal_address) {
    const auto address = parse_address(server.public_address);
    if (address && address->port != 0)  // port 0 is a different one each time
      return refuse("server.public_address, admin_address and internal_address must be three different addresses");
  }
  return {};
}

// Tokens are issued under this URL, and services compare it.
Done check_issuer(const Server& server) {
  const auto address = parse_address(server.public_address);
  if (!server.public_url.empty() || !address) return {};
  const bool is_socket = address->kind == Address::Kind::unix_path;
  if (!is_socket && address->host.find_first_not_of("0:.") != std::string::npos) return {};
  return refuse(fmt::format(
      "\"server.public_address\" is {}, {}, and no URL for anybody: set server.public_url to the one people use, such as "
      "https://id.example.com",
      server.public_address, is_socket ? "a socket on this machine" : "every address of this machine"));
}

Done check_password(const Password& password) {
  if (password.argon2_passes < 2 && password.argon2_memory_kib < one_pass_memory_kib_min)
    return refuse(fmt::format("\"password.argon2_passes\" may be 1 only with password.argon2_memory_kib of {} or more",
                              one_pass_memory_kib_min));
  if (std::uint64_t{password.hash_memory_mib} * 1024 < password.argon2_memory_kib)
    return refuse(fmt::format("\"password.hash_memory_mib\" ({} MiB) is less than one hash takes ({} KiB)",
                              password.hash_memory_mib, password.argon2_memory_kib));
  return {};
}

}  // namespace

Done check(const Config& config) {
  if (auto done = check_listeners(config.server); !done) return done;
  if (auto done = check_issuer(config.server); !done) return done;
  if (auto done = check_password(config.password); !done) return done;
  if (config.token.session_lifetime_s < config.token.access_lifetime_s)
    return refuse(
        "\"token.session_lifetime_s\" is shorter than token.access_lifetime_s: a token would outlive its session");
  if (config.storage.data_dir.empty()) return refuse("\"storage.data_dir\" is empty: name a folder");
  if (config.token.audience.empty()) return refuse("\"token.audience\" is empty: tokens need an audience");
  return {};
}

}  // namespace gatehouse::config
