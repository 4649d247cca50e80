// What can be configured: one plain struct per role, every default here. config/schema.cpp lists each key with its type
// and doc line; config/load.h reads YAML, environment and *_file and refuses what it does not know.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.h"

namespace gatehouse::config {

struct Server {
  std::string public_address = "127.0.0.1:8080";
  std::string admin_address = "127.0.0.1:8081";
  std::string internal_address = "127.0.0.1:8082";
  bool allow_plaintext =
      false;                 // a listener off loopback without TLS: somebody else must terminate it
  std::string public_url;    // empty: http://<public_address>; the issuer of tokens and the base of links
  std::uint32_t shards = 0;  // 0: one per core
  std::uint32_t drain_delay_ms = 0;
  std::uint32_t drain_timeout_ms = limits::drain_timeout_ms;
  std::uint32_t header_timeout_ms = limits::header_timeout_ms;
  std::uint32_t body_timeout_ms = limits::body_timeout_ms;
  std::uint32_t idle_timeout_ms = limits::idle_timeout_ms;
  std::uint32_t request_timeout_ms = limits::request_timeout_ms;
  std::uint32_t connections_max = limits::connections_max;
  std::uint32_t connections_per_source_max = 0;  // 0: a quarter of connections_max
  std::vector<std::string> trusted_proxies;  // addresses or CIDR blocks whose x-forwarded-for is believed
  std::vector<std::string> cors_origins;     // exact origins
};

struct Storage {
  std::string data_dir = "data";
  std::string master_key_file;  // empty: <data_dir>/keys/master.key, made on first start
};

struct Log {
  std::string level = "info";  // debug | info | warn | error | off
};

struct RateLimit {
  bool enabled = true;
  std::uint32_t register_per_minute = 10;  // per source
  std::uint32_t login_per_minute = 60;     // per source
  std::uint32_t challenge_per_hour = 10;   // per address and source; 6 times that per source, and per address (gateway/rate_limits.h)
  std::uint32_t refresh_per_minute = 120;  // per source
};

struct Password {
  std::uint32_t length_min = limits::password_chars_min;
  std::uint32_t argon2_memory_kib = limits::argon2_memory_kib;
  std::uint32_t argon2_passes = limits::argon2_passes;
  std::uint32_t hash_threads = 0;       // 0: one per core
  std::uint32_t hash_memory_mib = 256;  // threads × memory stays under it
  std::uint32_t hash_queue_max = limits::hash_queue_max;
  std::uint32_t hash_wait_ms = limits::hash_queue_wait_ms;
};

struct Token {
  std::string algorithm = "ES256";  // ES256 | EdDSA | RS256
  std::string audience = "gatehouse";
  std::uint32_t access_lifetime_s = limits::access_token_lifetime_s;
  std::uint32_t session_lifetime_s = limits::session_lifetime_s;
  std::uint32_t refresh_replay_window_ms = limits::refresh_replay_window_ms;
  std::uint32_t key_rotation_days = 30;
};

struct Mail {
  std::string from = "Gatehouse <no-reply@localhost>";
  std::string product_name = "Gatehouse";
};

struct Internal {
  std::string service_auth_key_file;  // empty: <data_dir>/keys/service-auth.key, made on first start
};

struct Config {
  Server server;
  Storage storage;
  Log log;
  RateLimit rate_limit;
  Password password;
  Token token;
  Mail mail;
  Internal internal;
};

}  // namespace gatehouse::config
