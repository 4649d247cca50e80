#include "credential/hashing.h"

#include <prometheus/histogram.h>

#include "crypto/hash_arena.h"
#include "telemetry/log.h"

namespace gatehouse::credential {
namespace {

std::unexpected<Error> abandoned() {
  return fail(Code::cancelled, "cancelled", "The caller has gone.", "a password hash was abandoned before it began");
}

}  // namespace

Hashing::Hashing(CpuPool& pool, const crypto::Argon2Params& params, const Clock& clock, Random& random,
                 telemetry::Metrics& metrics)
    : pool_(pool),
      params_(params),
      dummy_(crypto::dummy_hash(params, random)),
      clock_(clock),
      random_(random),
      hash_seconds_(metrics.histogram("gatehouse_password_hash_seconds", "Time of one password hash.")) {}

// Runs `work` in the pool, unless the calling task has been cancelled by the time a thread is free.
template <class T, class Work>
Task<T> Hashing::run(Call call, Work work) {
  auto has_gone = std::make_shared<std::atomic<bool>>(false);
  auto cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.slot().is_connected())
    cancellation.slot().assign([has_gone](asio::cancellation_type) { has_gone->store(true); });
  auto job = [has_gone, work = std::move(work), memory_kib = params_.memory_kib, clock = &clock_,
              seconds = &hash_seconds_]() mutable -> Result<T> {
    if (has_gone->load()) return abandoned();
    crypto::HashArena::reserve_on_this_thread((std::size_t{memory_kib} + 64) * 1024);
    const auto begun = clock->steady();
    auto result = work();
    seconds->Observe(std::chrono::duration<double>(clock->steady() - begun).count());
    return result;
  };
  auto result = co_await pool_.run<T>(call, std::move(job));
  if (cancellation.slot().is_connected()) cancellation.slot().clear();
  co_return result;
}

Task<std::string> Hashing::hash(Call call, std::shared_ptr<const SecretString> password) {
  auto work = [password = std::move(password), params = params_, random = &random_] {
    return crypto::hash_password(*password, params, *random);
  };
  co_return co_await run<std::string>(call, std::move(work));
}

Task<Hashing::Verdict> Hashing::verify(Call call, std::string phc, std::shared_ptr<const SecretString> password) {
  auto work = [phc = std::move(phc), dummy = dummy_, password = std::move(password)]() -> Result<Verdict> {
    auto match = crypto::verify_password(phc.empty() ? dummy : phc, *password);
    if (match) return Verdict{phc.empty() ? crypto::Match::no : *match, false};
    if (match.error().code != Code::failed_precondition) return pass(match);
    log::failure("a stored password hash cannot be verified", Call(), match.error());
    (void)crypto::verify_password(dummy, *password);
    return Verdict{crypto::Match::no, true};
  };
  co_return co_await run<Verdict>(call, std::move(work));
}

}  // namespace gatehouse::credential
