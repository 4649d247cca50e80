#include "auth/keys.h"

#include "crypto/aead.h"
#include "runtime/cpu_pool.h"
#include "telemetry/log.h"

namespace gatehouse::auth {

Keys::Keys(Store& store, const crypto::MasterKey& master_key, crypto::Alg alg, const Clock& clock, Random& random)
    : store_(store), sealing_key_(master_key.derive("auth.signing-key")), alg_(alg), clock_(clock), random_(random) {}

Task<std::shared_ptr<const LoadedKeys>> Keys::ready(Call call) {
  if (loaded_ && loaded_changes_ == changes_) co_return loaded_;
  const auto changes = changes_;
  auto ring = co_await store_.load_keys(call);
  if (ring && ring->keys.empty()) ring = co_await create_first(call);
  if (!ring) co_return pass(ring);
  auto opened = open(std::move(*ring));
  if (!opened) {
    log::failure("the signing keys cannot be opened", call, opened.error());
    co_return pass(opened);
  }
  loaded_ = *opened;
  loaded_changes_ = changes;
  co_return loaded_;
}

Task<StoredKey> Keys::make_key(Call call, crypto::Alg alg) {
  CpuPool pool({.name = "key", .threads = 1}, clock_);
  auto job = [alg] { return crypto::SigningKey::generate(alg); };
  auto key = co_await pool.run<crypto::SigningKey>(call, std::move(job));
  if (!key) co_return pass(key);
  const auto der = key->private_der();
  StoredKey stored;
  stored.kid = key->kid();
  stored.alg = crypto::name_of(alg);
  stored.sealed = crypto::seal(sealing_key_, der.reveal(), stored.kid, random_);
  stored.jwk = key->public_jwk();
  stored.created_at = clock_.wall();
  co_return stored;
}

Task<KeyRing> Keys::create_first(Call call) {
  auto current = co_await make_key(call, alg_);
  if (!current) co_return pass(current);
  auto next = co_await make_key(call, alg_);
  if (!next) co_return pass(next);
  current->state = KeyState::current;
  next->state = KeyState::next;
  co_return co_await store_.add_first_keys(call, std::move(*current), std::move(*next));
}

Result<std::shared_ptr<const LoadedKeys>> Keys::open(KeyRing ring) const {
  const auto* current = ring.find(KeyState::current);
  if (current == nullptr) return internal("there is no current signing key");
  const auto alg = crypto::alg_named(current->alg);
  if (!alg) return pass(alg);
  const auto der = crypto::open(sealing_key_, current->sealed, current->kid);
  if (!der) return pass(der);
  auto key = crypto::SigningKey::from_private_der(*alg, *der);
  if (!key) return pass(key);
  return std::make_shared<const LoadedKeys>(LoadedKeys{std::move(*key), std::move(ring)});
}

}  // namespace gatehouse::auth
