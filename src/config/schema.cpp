#include "config/schema.h"

namespace gatehouse::config {
namespace {

template <auto Section, auto Member>
auto& at(Config& config) {
  return (config.*Section).*Member;
}

template <auto Member>
constexpr auto server = &at<&Config::server, Member>;
template <auto Member>
constexpr auto limit = &at<&Config::rate_limit, Member>;
template <auto Member>
constexpr auto password = &at<&Config::password, Member>;
template <auto Member>
constexpr auto token = &at<&Config::token, Member>;

constexpr std::uint32_t minute_ms = 60'000;
constexpr std::uint32_t day_s = 86'400;

constexpr Key keys[] = {
    {"server", "public_address", server<&Server::public_address>,
     "Where the public API listens: an address and port, or unix:/path, which takes server.public_url.", Format::address},
    {"server", "admin_address", server<&Server::admin_address>,
     "Where health and metrics listen. Keep it off the public network.", Format::address},
    {"server", "internal_address", server<&Server::internal_address>,
     "Where your own services ask for permissions, with the service-auth key.", Format::address},
    {"server", "allow_plaintext", server<&Server::allow_plaintext>,
     "Lets listeners leave loopback without TLS, because something in front terminates it."},
    {"server", "public_url", server<&Server::public_url>,
     "The URL people reach this platform under: the issuer of tokens and the base of links. Empty: http:// and the "
     "public address, which must then be one, not all of this machine's and no Unix socket.",
     Format::url},
    {"server", "shards", server<&Server::shards>, "Event loops, one thread each. 0: one per core.", Format::any, 0,
     256},
    {"server", "drain_delay_ms", server<&Server::drain_delay_ms>,
     "How long after SIGTERM connections are still accepted, while /health/ready already says 503: as long as your load "
     "balancer takes to look elsewhere.",
     Format::any, 0, 10 * minute_ms},
    {"server", "drain_timeout_ms", server<&Server::drain_timeout_ms>,
     "How long requests in flight may take to finish after SIGTERM. The process ends three seconds later at the latest.",
     Format::any, 0, 10 * minute_ms},
    {"server", "header_timeout_ms", server<&Server::header_timeout_ms>,
     "From the first byte of a request to the end of its header.", Format::any, 100, 10 * minute_ms},
    {"server", "body_timeout_ms", server<&Server::body_timeout_ms>,
     "From the end of the header to the end of the body.", Format::any, 100, 10 * minute_ms},
    {"server", "idle_timeout_ms", server<&Server::idle_timeout_ms>,
     "How long a connection may be kept open between requests.", Format::any, 100, 60 * minute_ms},
    {"server", "request_timeout_ms", server<&Server::request_timeout_ms>,
     "From a whole request to its answer; then 504.", Format::any, 100, minute_ms},
    {"server", "connections_max", server<&Server::connections_max>,
     "Connections of one listener and shard; beyond that the one that has been idle or slow for the longest makes room.",
     Format::any, 1, 1'000'000},
    {"server", "connections_per_source_max", server<&Server::connections_per_source_max>,
     "How many of these one source may have, an address or an IPv6 /64; trusted proxies and Unix sockets any number. 0: a "
     "quarter of connections_max.",
     Format::any, 0, 1'000'000},
    {"server", "trusted_proxies", server<&Server::trusted_proxies>,
     "Addresses or CIDR blocks of your own proxies, whose x-forwarded-for is believed. By default only that of whoever "
     "speaks over a Unix socket.",
     Format::networks},
    {"server", "cors_origins", server<&Server::cors_origins>,
     "Origins whose pages may call this API from a browser, such as https://app.example.com.", Format::origins},
    {"storage", "data_dir", &at<&Config::storage, &Storage::data_dir>,
     "The folder of the databases, keys and mail. Made with mode 0700; one process at a time."},
    {"storage", "master_key_file", &at<&Config::storage, &Storage::master_key_file>,
     "The file of the key that seals secrets at rest. Empty: keys/master.key in the data folder, made on first start. "
     "Back it up apart from the data."},
    {"log", "level", &at<&Config::log, &Log::level>, "The least level that is written.", Format::one_of, 0, 0,
     "debug|info|warn|error|off"},
    {"rate_limit", "enabled", limit<&RateLimit::enabled>,
     "false turns every limit and back-off off, also that on guessing passwords: for tests and benchmarks only."},
    {"rate_limit", "register_per_minute", limit<&RateLimit::register_per_minute>, "Registrations from one source.",
     Format::any, 1, 1'000'000},
    {"rate_limit", "login_per_minute", limit<&RateLimit::login_per_minute>, "Logins from one source.", Format::any, 1,
     1'000'000},
    {"rate_limit", "challenge_per_hour", limit<&RateLimit::challenge_per_hour>,
     "Mails to one address from one source; six times that from one source, and to one address, and then once from each source.",
     Format::any, 1, 1'000'000},
    {"rate_limit", "refresh_per_minute", limit<&RateLimit::refresh_per_minute>, "Token refreshes from one source.",
     Format::any, 1, 10'000'000},
    {"password", "length_min", password<&Password::length_min>,
     "The shortest password, in code points. NIST SP 800-63B-4 asks 15 where a password is the only factor.",
     Format::any, limits::password_chars_min, 64},
    {"password", "argon2_memory_kib", password<&Password::argon2_memory_kib>,
     "Memory of one Argon2id hash. Old hashes are renewed when their owner logs in.", Format::any,
     limits::argon2_memory_kib, limits::argon2_memory_kib_max},
    {"password", "argon2_passes", password<&Password::argon2_passes>,
     "Passes over that memory; 1 only with 47104 KiB or more.", Format::any, 1, limits::argon2_passes_max},
    {"password", "hash_threads", password<&Password::hash_threads>, "Threads that hash passwords. 0: one per core.",
     Format::any, 0, 256},
    {"password", "hash_memory_mib", password<&Password::hash_memory_mib>,
     "Memory of all hashes at once: fewer threads run when it would not suffice.", Format::any, 19, 65'536},
    {"password", "hash_queue_max", password<&Password::hash_queue_max>,
     "Hashes that may wait; more are refused with 503 and Retry-After.", Format::any, 1, 100'000},
    {"password", "hash_wait_ms", password<&Password::hash_wait_ms>, "How long a hash may wait before it is refused.",
     Format::any, 1, minute_ms},
    {"token", "algorithm", token<&Token::algorithm>, "What new signing keys are made for.", Format::one_of, 0, 0,
     "ES256|EdDSA|RS256"},
    {"token", "audience", token<&Token::audience>, "The aud claim of access tokens."},
    {"token", "access_lifetime_s", token<&Token::access_lifetime_s>, "Lifetime of an access token.", Format::any, 10,
     3'600},
    {"token", "session_lifetime_s", token<&Token::session_lifetime_s>,
     "Lifetime of a session, however often it is refreshed.", Format::any, 60, 400 * day_s},
    {"token", "refresh_replay_window_ms", token<&Token::refresh_replay_window_ms>,
     "How long the refresh token just used may be used again and yield the same successor: tabs race, answers get "
     "lost.",
     Format::any, 0, minute_ms},
    {"token", "key_rotation_days", token<&Token::key_rotation_days>, "Age at which the signing key is replaced.",
     Format::any, 1, 365},
    {"mail", "from", &at<&Config::mail, &Mail::from>, "Sender of every mail."},
    {"mail", "product_name", &at<&Config::mail, &Mail::product_name>, "What mails call this platform."},
    {"internal", "service_auth_key_file", &at<&Config::internal, &Internal::service_auth_key_file>,
     "The file of the key that your services present as x-service-auth. Empty: keys/service-auth.key in the data "
     "folder, made on first start."},
};

}  // namespace

std::span<const Key> schema() { return keys; }

}  // namespace gatehouse::config
