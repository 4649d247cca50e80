// Password hashing for the service: the jobs that run in the hash pool, and what they cost. The pool's threads keep
// their memory between hashes (crypto/hash_arena.h). Called on a shard; the work runs on the pool's threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "crypto/password_hash.h"
#include "runtime/cpu_pool.h"
#include "telemetry/metrics.h"

namespace gatehouse::credential {

class Hashing {
 public:
  Hashing(CpuPool& pool, const crypto::Argon2Params& params, const Clock& clock, Random& random,
          telemetry::Metrics& metrics);

  // UNAVAILABLE overloaded when the pool is full, the job waited too long, or the caller has gone: nothing was hashed.
  Task<std::string> hash(Call call, std::shared_ptr<const SecretString> password);
  // `phc` empty: nobody's; the dummy hash is verified. A stored hash that cannot be verified costs as much and is no
  // match; `is_broken` says so.
  struct Verdict {
    crypto::Match match = crypto::Match::no;
    bool is_broken = false;
  };
  Task<Verdict> verify(Call call, std::string phc, std::shared_ptr<const SecretString> password);

  [[nodiscard]] bool needs_rehash(const std::string& phc) const { return crypto::needs_rehash(phc, params_); }

 private:
  template <class T, class Work>
  Task<T> run(Call call, Work work);

  CpuPool& pool_;
  crypto::Argon2Params params_;
  std::string dummy_;  // with the parameters of now, so that nobody's password costs what everybody's does
  const Clock& clock_;
  Random& random_;
  prometheus::Histogram& hash_seconds_;
};

}  // namespace gatehouse::credential
