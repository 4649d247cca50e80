// The part of the auth role's use cases that is about signing keys.
#include "auth/service.h"
#include "runtime/uninterrupted.h"

namespace gatehouse::auth {

Task<v1::KeySet> Service::get_key_set(Call call, v1::GetKeySetRequest) {
  const auto keys = co_await keys_.ready(call);
  if (!keys) co_return pass(keys);
  co_return key_set_of((*keys)->ring);
}

v1::KeySet Service::key_set_of(const KeyRing& ring) const {
  v1::KeySet set;
  set.set_generation(ring.generation);
  for (const auto& key : ring.keys) {
    if (!is_published(key, access_lifetime(), parts_.clock.wall())) continue;
    auto* message = set.add_keys();
    message->set_kid(key.kid);
    message->set_alg(key.alg);
    message->set_jwk(key.jwk);
    message->set_created_at_ms(to_ms(key.created_at));
    message->set_retired_at_ms(to_ms(key.retired_at));
    message->set_state(std::string(name_of(key.state)));
  }
  return set;
}

Task<v1::KeySet> Service::rotate_keys(Call call, v1::RotateKeysRequest request) {
  auto alg = keys_.configured_alg();
  if (!request.alg().empty()) {
    const auto named = crypto::alg_named(request.alg());
    if (!named) co_return pass(named);
    alg = *named;
  }
  auto rotating = rotate_keys_and_announce(call, alg, request.is_forced());
  co_return co_await uninterrupted(std::move(rotating));
}

Task<v1::KeySet> Service::rotate_keys_and_announce(Call call, crypto::Alg alg, bool is_forced) {
  const auto before = co_await keys_.ready(call);  // the first keys exist from here on
  if (!before) co_return pass(before);
  auto fresh = co_await keys_.make_key(call, alg);
  if (!fresh) co_return pass(fresh);
  auto ring = co_await store_->rotate_keys(call, std::move(*fresh), is_forced, moment_of(call, parts_.clock.wall()));
  if (!ring) co_return pass(ring);
  const KeysChanged notice{ring->generation};
  auto announced = co_await parts_.key_changes.publish(notice);
  if (!announced) co_return pass(announced);
  co_return key_set_of(*ring);
}

}  // namespace gatehouse::auth
