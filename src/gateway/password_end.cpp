#include "gateway/password_end.h"

#include "credential/events.h"

namespace gatehouse::gateway {
namespace {

// Sessions first: that is what whoever changes a password is in a hurry for.
Task<void> end_all(identity::Api& identity, auth::Api& auth, Call call, auth::v1::RevokeUserSessionsRequest sessions) {
  identity::v1::VoidRecoveriesRequest recoveries;
  recoveries.set_user_id(sessions.user_id());
  recoveries.set_started_until_ms(sessions.as_of_ms());
  const auto ended = co_await auth.revoke_user_sessions(call, std::move(sessions));
  if (!ended) co_return pass(ended);
  const auto voided = co_await identity.void_recoveries(call, std::move(recoveries));
  if (!voided) co_return pass(voided);
  co_return Done{};
}

auth::v1::RevokeUserSessionsRequest sessions_of(std::string user_id, std::string kept_session_id) {
  auth::v1::RevokeUserSessionsRequest request;
  request.set_user_id(std::move(user_id));
  request.set_except_session_id(std::move(kept_session_id));
  request.set_reason("password_changed");
  return request;
}

// Idempotent by nature: it claims no event ids. What the new password has opened since is left alone.
class PasswordEnd final : public events::Handler {
 public:
  PasswordEnd(identity::Api& identity, auth::Api& auth) : identity_(identity), auth_(auth) {}

  Task<void> handle(Call call, events::Event event) override {
    auto read = credential::replaced_of(event);
    if (!read) co_return pass(read);
    if (!*read) co_return Done{};
    auto& replaced = **read;
    auto request = sessions_of(std::move(event.subject), std::move(replaced.kept_session_id));
    request.set_password_version(replaced.version);
    request.set_as_of_ms(to_ms(event.occurred_at));
    co_return co_await end_all(identity_, auth_, call, std::move(request));
  }

 private:
  identity::Api& identity_;
  auth::Api& auth_;
};

}  // namespace

Task<void> end_password(identity::Api& identity, auth::Api& auth, Call call, std::string user_id,
                        std::string kept_session_id) {
  auto request = sessions_of(std::move(user_id), std::move(kept_session_id));
  co_return co_await end_all(identity, auth, call, std::move(request));
}

std::unique_ptr<events::Handler> make_password_end_consumer(identity::Api& identity, auth::Api& auth) {
  return std::make_unique<PasswordEnd>(identity, auth);
}

}  // namespace gatehouse::gateway
