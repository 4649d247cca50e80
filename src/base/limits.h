// Every limit of the system, in one place. A limit that an operator may change is the default here and
// a key in config/; the rest are promises of the code. Units are the last word of each name.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatehouse::limits {

// HTTP (RFC 9112 sizes; docs/life-of-a-request.md tells what happens at each one)
inline constexpr std::size_t request_line_bytes_max = 8 * 1024;
inline constexpr std::size_t header_section_bytes_max = 32 * 1024;
inline constexpr std::size_t header_fields_max = 100;
inline constexpr std::size_t body_bytes_max = 64 * 1024;  // default of a route; auth routes take less
inline constexpr std::size_t auth_body_bytes_max = 16 * 1024;
inline constexpr std::size_t chunk_extension_bytes_max = 256;  // of all chunks of a body together
inline constexpr std::size_t trailer_section_bytes_max = 4 * 1024;
inline constexpr std::size_t read_buffer_bytes = 4 * 1024;  // what an idle connection holds
inline constexpr std::size_t gzip_body_bytes_min = 1400;    // smaller bodies fit one packet anyway
inline constexpr std::uint32_t header_timeout_ms = 10'000;  // first byte of a request → end of its header
inline constexpr std::uint32_t body_timeout_ms = 20'000;
inline constexpr std::uint32_t idle_timeout_ms = 60'000;
inline constexpr std::uint32_t request_timeout_ms = 10'000;  // handler, from full request to answer
inline constexpr std::uint32_t write_timeout_ms = 20'000;
inline constexpr std::uint32_t drain_timeout_ms = 10'000;
inline constexpr std::size_t connections_max = 20'000;
inline constexpr std::size_t received_bytes_max = 32 * 1024 * 1024;  // of requests still arriving and responses not read, above 4 KiB each

// JSON and tokens
inline constexpr std::size_t json_depth_max = 16;
inline constexpr std::size_t json_members_max = 256;
inline constexpr std::size_t token_bytes_max = 8 * 1024;
inline constexpr std::size_t kid_bytes_max = 64;
inline constexpr std::uint32_t clock_skew_s = 60;

// Identity
inline constexpr std::size_t username_chars_min = 3;
inline constexpr std::size_t username_chars_max = 64;
inline constexpr std::size_t email_bytes_max = 254;  // RFC 5321 §4.5.3.1.3 less the angle brackets
inline constexpr std::size_t display_name_chars_max = 100;
inline constexpr std::size_t identifiers_per_user_max = 10;
inline constexpr std::uint32_t challenge_lifetime_ms = 10 * 60 * 1000;
inline constexpr std::uint32_t recovery_answer_ms = 50;  // at the earliest: what is known of an address takes less
inline constexpr std::uint32_t challenge_tries_max = 5;
inline constexpr std::size_t challenge_code_digits = 8;
inline constexpr std::uint32_t pending_user_ms = 60'000;  // older pending users are finished or released
inline constexpr std::size_t idempotency_key_bytes_max = 128;

// Credentials
inline constexpr std::size_t password_chars_min = 8;
inline constexpr std::size_t password_chars_max = 128;
inline constexpr std::size_t password_bytes_max = 1024;  // checked before any work
inline constexpr std::uint32_t argon2_memory_kib = 19'456;
inline constexpr std::uint32_t argon2_passes = 2;
inline constexpr std::uint32_t argon2_memory_kib_max = 512 * 1024;  // ceiling for stored and imported hashes
inline constexpr std::uint32_t argon2_passes_max = 16;
inline constexpr std::size_t hash_queue_max = 256;
inline constexpr std::uint32_t hash_queue_wait_ms = 2'000;
inline constexpr double password_guesses_log10_min = 6.0;  // zxcvbn: fewer guesses fall to an online attacker
inline constexpr std::size_t password_window_bytes = 40;   // what zxcvbn is given at a time: its cost is cubic
inline constexpr std::size_t user_words_max = 8;
inline constexpr std::uint32_t attempts_free_per_account = 5;  // failures of one (account, source) before any delay
inline constexpr std::uint32_t attempts_free_per_source = 30;
inline constexpr std::uint32_t guesses_per_network_max = 30;  // an hour, at one name from one IPv6 /48
inline constexpr std::uint32_t attempt_delay_min_ms = 1'000;  // then doubling
inline constexpr std::uint32_t account_delay_max_ms = 60 * 60 * 1000;
inline constexpr std::uint32_t source_delay_max_ms = 60 * 1000;  // many people may share a source
inline constexpr std::uint32_t account_failure_forgiven_ms = 60 * 60 * 1000;  // one failure each
inline constexpr std::uint32_t source_failure_forgiven_ms = 2 * 60 * 1000;
inline constexpr std::uint32_t failure_event_interval_ms = 60 * 1000;  // per account

// Sessions and tokens
inline constexpr std::uint32_t access_token_lifetime_s = 300;
inline constexpr std::uint32_t session_lifetime_s = 2'592'000;  // 30 days
inline constexpr std::uint32_t refresh_replay_window_ms = 10'000;
inline constexpr std::size_t sessions_per_user_max = 100;
inline constexpr std::size_t user_agent_bytes_max = 256;
inline constexpr std::uint32_t session_idempotency_ms = 24 * 60 * 60 * 1000;
inline constexpr std::uint32_t key_set_kept_s = 300;  // how long services may keep /.well-known/jwks.json
inline constexpr std::uint32_t clock_step_ms = 60 * 60 * 1000;  // what is over is kept this long: a clock may be set back
inline constexpr std::size_t cleanup_batch_rows = 500;
inline constexpr std::size_t verified_tokens_max = 16'384;  // per shard

// Queues and caches
inline constexpr std::size_t database_queue_max = 8'192;
inline constexpr std::size_t group_commit_jobs_max = 512;
inline constexpr std::size_t user_cache_entries_max = 10'000;  // per shard
inline constexpr std::uint32_t permissions_cached_ms = 30'000;         // a backstop: the Bus keeps the caches true
inline constexpr std::size_t page_items_max = 100;
inline constexpr std::uint32_t event_attempts_max = 8;
inline constexpr std::size_t events_parked_max = 1'000;  // per consumer; then it reads no further

}  // namespace gatehouse::limits
