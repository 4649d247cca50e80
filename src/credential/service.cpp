#include "credential/service.h"

#include <prometheus/counter.h>

#include <vector>

#include "credential/password.h"
#include "credential/prepared.h"
#include "crypto/digest.h"
#include "runtime/uninterrupted.h"
#include "telemetry/log.h"

namespace gatehouse::credential {
namespace {

// Takes a password out of a message and leaves nothing of it there.
SecretString take(std::string& text) {
  SecretString taken(text);
  wipe(text);
  return taken;
}

Moment moment_of(const Call& call, WallTime now) {
  return {.at = now, .correlation_id = call.correlation_id.str(), .trace_parent = call.trace_parent.str()};
}

// For what must be stored although the caller's own time is over.
Call without_deadline(Call call) {
  call.deadline = SteadyTime::max();
  return call;
}

std::unexpected<Error> invalid_credentials() {
  return fail(Code::unauthenticated, "invalid_credentials", "The name or the password is wrong.");
}

std::unexpected<Error> too_many_attempts(Milliseconds wait) {
  auto failed = fail(Code::resource_exhausted, "too_many_attempts", "Too many attempts. Try again later.");
  failed.error().retry_after_ms = static_cast<std::uint32_t>(wait.count());
  return failed;
}

template <class Request>
std::string field_of(const Request& request) {
  return request.field().empty() ? "password" : request.field();
}

// The one form of what was typed that is ever hashed, if it may be somebody's password.
template <class Request>
Result<SecretString> acceptable(const SecretString& typed, const config::Password& config, const Request& request,
                                const std::string& field) {
  auto normal = normalize_password(typed, field);
  if (!normal) return normal;
  const std::vector<std::string> words(request.user_words().begin(), request.user_words().end());
  const auto checked = credential::check_password(
      *normal, {.length_min = config.length_min, .user_words = words, .field = field});
  if (!checked) return pass(checked);
  return normal;
}

NewPassword new_password(const std::string& user_id, std::string phc) {
  return {.user_id = user_id, .phc = std::move(phc), .unicode_version = std::string(normalization_version())};
}

}  // namespace

struct Service::Counters {
  explicit Counters(telemetry::Metrics& metrics)
      : right(attempts(metrics, "right")),
        wrong(attempts(metrics, "wrong")),
        delayed(attempts(metrics, "delayed")),
        unverified(attempts(metrics, "unverified")),
        set(metrics.counter("gatehouse_passwords_set_total", "Passwords set.")),
        upgraded(metrics.counter("gatehouse_password_hashes_upgraded_total", "Hashes made anew at login.")) {}
  static prometheus::Counter& attempts(telemetry::Metrics& metrics, const std::string& result) {
    return metrics.counter("gatehouse_password_attempts_total", "Passwords presented, by result.",
                           {{"result", result}});
  }
  prometheus::Counter &right, &wrong, &delayed, &unverified, &set, &upgraded;
};

Service::Service(std::unique_ptr<Store> store, const ServiceParts& parts)
    : store_(std::move(store)),
      parts_(parts),
      attempt_key_(parts.master_key.derive("credential.attempts")),
      prepared_key_(parts.master_key.derive("credential.prepared-password")),
      hashing_(parts.hash_pool, {parts.config.argon2_memory_kib, parts.config.argon2_passes}, parts.clock, parts.random,
               parts.metrics),
      count_(std::make_unique<Counters>(parts.metrics)) {}

Service::~Service() = default;

Task<v1::SetPasswordResponse> Service::set_password(Call call, v1::SetPasswordRequest request) {
  const auto typed = take(*request.mutable_password());
  if (request.user_id().empty()) co_return invalid_field("user_id", "user_id_invalid", "Not a user id.");
  auto normal = acceptable(typed, parts_.config, request, "password");
  if (!normal) co_return pass(normal);
  const auto before = co_await store_->load_password(call, request.user_id());
  if (!before) co_return pass(before);
  if (*before) co_return v1::SetPasswordResponse();
  const auto password = std::make_shared<const SecretString>(std::move(*normal));
  auto phc = co_await hashing_.hash(call, password);
  if (!phc) co_return pass(phc);
  auto fresh = new_password(request.user_id(), std::move(*phc));
  const auto saved = co_await store_->save_password(call, std::move(fresh), moment_of(call, parts_.clock.wall()));
  if (!saved) co_return pass(saved);
  if (*saved) count_->set.Increment();
  v1::SetPasswordResponse response;
  response.set_changed(*saved);
  co_return response;
}

Task<v1::PreparedPassword> Service::prepare_password(Call call, v1::PreparePasswordRequest request) {
  const auto typed = take(*request.mutable_password());
  auto normal = acceptable(typed, parts_.config, request, field_of(request));
  if (!normal) co_return pass(normal);
  const auto password = std::make_shared<const SecretString>(std::move(*normal));
  const auto phc = co_await hashing_.hash(call, password);
  if (!phc) co_return pass(phc);
  v1::PreparedPassword prepared;
  prepared.set_sealed(seal_prepared(prepared_key_, *phc, request.user_id(), parts_.random));
  co_return prepared;
}

Task<v1::ReplacePasswordResponse> Service::replace_password(Call call, v1::ReplacePasswordRequest request) {
  auto phc = open_prepared(prepared_key_, request.prepared(), request.user_id());
  if (!phc) co_return pass(phc);
  Replacement replacement{.password = new_password(request.user_id(), std::move(*phc)),
                          .expected_version = {},
                          .kept_session_id = request.kept_session_id()};
  if (request.has_expected_version()) replacement.expected_version = request.expected_version();
  auto replacing = store_->replace_password(call, std::move(replacement), moment_of(call, parts_.clock.wall()));
  const auto version = co_await std::move(replacing);
  if (!version) co_return pass(version);
  count_->set.Increment();
  log::info("a password was replaced",
            {{"correlation_id", call.correlation_id.view()}, {"user_id", std::string_view(request.user_id())}});
  v1::ReplacePasswordResponse response;
  response.set_version(*version);
  co_return response;
}

Task<v1::CheckPasswordResponse> Service::check_password(Call, v1::CheckPasswordRequest request) {
  const auto typed = take(*request.mutable_password());
  const auto normal = acceptable(typed, parts_.config, request, field_of(request));
  if (!normal) co_return pass(normal);
  co_return v1::CheckPasswordResponse();
}

Task<v1::VerifyPasswordResponse> Service::verify_password(Call call, v1::VerifyPasswordRequest request) {
  const auto typed = take(*request.mutable_password());
  auto normal = normalize_password(typed, "password");
  if (!normal) co_return pass(normal);
  auto trying = try_password(call, attempt_of(call, request), std::move(*normal));
  co_return co_await uninterrupted(std::move(trying));  // what was reserved is settled
}

Task<v1::VerifyPasswordResponse> Service::try_password(Call call, Attempt attempt, SecretString normal) {
  auto begun = co_await begin(call, attempt);
  if (!begun) co_return pass(begun);
  if (!begun->decision.is_admitted()) {
    count_->delayed.Increment();
    co_return too_many_attempts(begun->decision.wait);
  }
  const auto password = std::make_shared<const SecretString>(std::move(normal));
  if (begun->decision.is_blind) {  // not counted against the account, so nothing of it is given back or cleared
    begun->password.reset();
    attempt.keys.account_source = *attempt.keys.typed_source;
    attempt.keys.typed_source.reset();
  }
  const auto stored = begun->password.value_or(StoredPassword{});
  const auto verdict = co_await hashing_.verify(call, stored.phc, password);
  if (!verdict) {
    count_->unverified.Increment();
    co_return pass(verdict);
  }
  if (verdict->match == crypto::Match::no) {
    const auto counted = co_await settle_failure(call, std::move(attempt), begun->is_event_due);
    if (!counted) co_return pass(counted);  // who is told that a guess was wrong has had it counted
    co_return invalid_credentials();
  }
  PhcUpgrade upgrade{.user_id = attempt.user_id, .old_phc = stored.phc, .new_phc = {}};
  count_->right.Increment();
  const auto settled = co_await settle_success(call, std::move(attempt), begun->is_clean);
  begun->reservation = {};  // settled: what follows may take as long again
  if (!settled) log::failure("the failures before a success could not be cleared", call, settled.error());
  if (hashing_.needs_rehash(stored.phc)) {
    const auto upgraded = co_await upgrade_hash(call, std::move(upgrade), password);
    if (!upgraded) log::failure("a password hash could not be upgraded", call, upgraded.error());
  }
  v1::VerifyPasswordResponse response;
  response.set_version(stored.version);
  co_return response;
}

Task<BegunAttempt> Service::begin(Call call, Attempt attempt) {
  if (parts_.limits_enabled) co_return co_await store_->begin_attempt(call, std::move(attempt), parts_.clock.wall());
  auto password = co_await store_->load_password(call, std::move(attempt.user_id));
  if (!password) co_return pass(password);
  BegunAttempt begun;
  begun.password = std::move(*password);
  co_return begun;
}

// A known and an unknown account cost the same write, so that the answer takes the same time.
Task<void> Service::settle_failure(Call call, Attempt attempt, bool is_event_due) {
  count_->wrong.Increment();
  if (!parts_.limits_enabled) co_return Done();
  if (is_event_due)
    log::info("a password was wrong",  // of nobody as of somebody, for the same reason
              {{"correlation_id", call.correlation_id.view()}, {"user_id", std::string_view(attempt.user_id)}});
  const auto now = parts_.clock.wall();
  co_return co_await store_->fail_attempt(without_deadline(call), std::move(attempt), moment_of(call, now));
}

Task<void> Service::settle_success(Call call, Attempt attempt, bool is_clean) {
  if (is_clean) co_return Done();
  co_return co_await store_->succeed_attempt(without_deadline(call), std::move(attempt));
}

Task<void> Service::upgrade_hash(Call call, PhcUpgrade upgrade, std::shared_ptr<const SecretString> password) {
  const auto user_id = upgrade.user_id;
  if (!upgrading_.insert(user_id).second) co_return Done();  // another login of this user is at it
  auto phc = co_await hashing_.hash(call, std::move(password));
  Done done;
  if (phc) {
    upgrade.new_phc = std::move(*phc);
    const auto upgraded = co_await store_->upgrade_phc(call, std::move(upgrade), parts_.clock.wall());
    if (!upgraded) done = pass(upgraded);
    if (upgraded && *upgraded) count_->upgraded.Increment();
  } else {
    done = pass(phc);
  }
  upgrading_.erase(user_id);
  co_return done;
}

// Without a source (an operator's command) the account stands in for it: callers that name none do not share one.
Attempt Service::attempt_of(const Call& call, const v1::VerifyPasswordRequest& request) const {
  const auto source = call.caller.source.str();
  const auto key_of = [this](std::string_view kind, std::string_view account, std::string_view from) {
    std::string text(kind);
    text.append(1, '\0').append(account).append(1, '\0').append(from);
    return crypto::hmac_sha256(attempt_key_, text);
  };
  Attempt attempt;
  attempt.user_id = request.user_id();
  attempt.keys = {.account_source = key_of("account_source", request.account(), source),
                  .source = key_of("source", source.empty() ? request.account() : "", source),
                  .account = key_of("account", request.account(), ""),
                  .typed_source = {}};
  if (!request.name().empty()) attempt.keys.typed_source = key_of("typed_source", request.name(), source);
  return attempt;
}

Task<v1::HasPasswordResponse> Service::has_password(Call call, v1::HasPasswordRequest request) {
  const auto password = co_await store_->load_password(call, request.user_id());
  if (!password) co_return pass(password);
  v1::HasPasswordResponse response;
  response.set_has_password(password->has_value());
  co_return response;
}

Task<v1::DeleteCredentialsResponse> Service::delete_credentials(Call call, v1::DeleteCredentialsRequest request) {
  const auto deleted = co_await store_->delete_user(call, request.user_id(), parts_.clock.wall());
  if (!deleted) co_return pass(deleted);
  co_return v1::DeleteCredentialsResponse();
}

}  // namespace gatehouse::credential
