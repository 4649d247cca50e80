#include "auth/wire.h"

#include <algorithm>

#include "auth/adapters/sqlite_store.h"
#include "auth/keys.h"
#include "auth/service.h"
#include "base/ensure.h"
#include "base/limits.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::auth {
namespace {

constexpr Milliseconds look_at_least_every = std::chrono::hours{1};  // the clock may be set while we wait
constexpr Milliseconds clean_up_every = std::chrono::minutes{1};

Milliseconds until_next_rotation(const v1::KeySet& set, const Parts& parts) {
  KeyRing ring;
  for (const auto& key : set.keys()) {
    StoredKey known;
    known.created_at = from_ms(key.created_at_ms());
    ring.keys.push_back(std::move(known));
  }
  const Milliseconds interval = std::chrono::days{parts.config.key_rotation_days};
  return rotation_due_at(ring, interval) - parts.clock.wall();
}

// How long to wait before looking again.
Async<Milliseconds> rotate_if_due(Api& api, const Parts& parts) {
  const auto set = co_await api.get_key_set(Call(), v1::GetKeySetRequest());
  if (!set) co_return std::chrono::minutes{1};
  const auto left = until_next_rotation(*set, parts);
  if (left > Milliseconds{0}) co_return std::min(left, look_at_least_every);
  const auto rotated = co_await api.rotate_keys(Call(), v1::RotateKeysRequest());
  if (!rotated) {
    log::failure("the signing keys could not be rotated", Call(), rotated.error());
    co_return std::chrono::minutes{1};
  }
  log::info("the signing keys have been rotated by schedule");
  co_return look_at_least_every;
}

Async<void> remove_expired(Store& store, const Parts& parts) {
  const auto now = parts.clock.wall() - Milliseconds{limits::clock_step_ms};
  const auto lifetime = std::chrono::seconds{parts.config.access_lifetime_s + limits::clock_skew_s};
  for (bool has_more = true; has_more;) {
    const auto removed = co_await store.remove_expired(Call(), now, now - lifetime, limits::cleanup_batch_rows);
    if (!removed) {
      log::failure("expired sessions could not be removed", Call(), removed.error());
      co_return;
    }
    if (removed->generation > 0) {
      const KeysChanged notice{removed->generation};
      (void)co_await parts.key_changes.publish(notice);
    }
    has_more = removed->rows == limits::cleanup_batch_rows;
  }
}

}  // namespace

std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts) {
  const auto alg = crypto::alg_named(parts.config.algorithm);
  ensure(alg.has_value(), "token.algorithm has been checked by config/");
  auto service = std::make_unique<Service>(make_sqlite_store(parts.database, parts.random),
                                           ServiceParts{.revocations = parts.revocations,
                                                        .key_changes = parts.key_changes,
                                                        .config = parts.config,
                                                        .issuer = parts.issuer,
                                                        .alg = *alg,
                                                        .master_key = parts.master_key,
                                                        .clock = parts.clock,
                                                        .random = parts.random,
                                                        .metrics = parts.metrics});
  auto* heard_by = service.get();
  parts.key_changes.subscribe(shard, [heard_by](const KeysChanged&) { heard_by->forget_keys(); });
  return service;
}

Task<void> open_keys(const Parts& parts) {
  const auto alg = crypto::alg_named(parts.config.algorithm);
  ensure(alg.has_value(), "token.algorithm has been checked by config/");
  const auto store = make_sqlite_store(parts.database, parts.random);
  Keys keys(*store, parts.master_key, *alg, parts.clock, parts.random);
  const auto opened = co_await keys.ready(Call());
  if (!opened) co_return pass(opened);
  co_return Done();
}

Async<void> rotate_keys_on_schedule(Api& api, const Parts& parts) {
  for (;;) {
    const auto wait = co_await rotate_if_due(api, parts);
    const bool has_waited = co_await sleep_for(wait);
    if (!has_waited) co_return;
  }
}

Async<void> clean_up_on_schedule(const Parts& parts) {
  const auto store = make_sqlite_store(parts.database, parts.random);
  for (;;) {
    co_await remove_expired(*store, parts);
    const bool has_waited = co_await sleep_for(clean_up_every);
    if (!has_waited) co_return;
  }
}

}  // namespace gatehouse::auth
