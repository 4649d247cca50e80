// The signing keys of one shard, in memory, and how new ones are made. Loaded at first need and again after the key
// set has changed; the first shard of the first start creates them. The shard's thread only.
#pragma once

#include <memory>

#include "auth/key_ring.h"
#include "auth/store.h"
#include "base/clock.h"
#include "base/random.h"
#include "crypto/jose.h"
#include "crypto/master_key.h"

namespace gatehouse::auth {

struct LoadedKeys {
  crypto::SigningKey current;
  KeyRing ring;
};

class Keys {
 public:
  Keys(Store& store, const crypto::MasterKey& master_key, crypto::Alg alg, const Clock& clock, Random& random);

  Task<std::shared_ptr<const LoadedKeys>> ready(Call call);
  // Makes a key, sealed for storage, off the loop: an RSA key takes a large part of a second.
  Task<StoredKey> make_key(Call call, crypto::Alg alg);
  // The key set has changed: the next ready() reads it again.
  void forget() { ++changes_; }

  [[nodiscard]] crypto::Alg configured_alg() const { return alg_; }

 private:
  Task<KeyRing> create_first(Call call);
  [[nodiscard]] Result<std::shared_ptr<const LoadedKeys>> open(KeyRing ring) const;

  Store& store_;
  SecretKey sealing_key_;
  crypto::Alg alg_;
  const Clock& clock_;
  Random& random_;
  std::shared_ptr<const LoadedKeys> loaded_;
  std::uint64_t changes_ = 0;         // how often forget() was called
  std::uint64_t loaded_changes_ = 0;  // … when loading `loaded_` began
};

}  // namespace gatehouse::auth
