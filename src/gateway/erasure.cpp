#include "gateway/erasure.h"

namespace gatehouse::gateway {
namespace {

Task<void> delete_credentials(credential::Api& credential, Call call, std::string user_id) {
  credential::v1::DeleteCredentialsRequest request;
  request.set_user_id(std::move(user_id));
  const auto deleted = co_await credential.delete_credentials(call, std::move(request));
  if (!deleted) co_return pass(deleted);
  co_return Done{};
}

// Idempotent by nature: it claims no event ids.
class AccountEnd final : public events::Handler {
 public:
  AccountEnd(identity::Api& identity, auth::Api& auth, credential::Api& credential)
      : identity_(identity), auth_(auth), credential_(credential) {}

  Task<void> handle(Call call, events::Event event) override {
    if (event.event_type == "user.deleted.v1")
      co_return co_await end_account(auth_, credential_, call, std::move(event.subject));
    if (event.event_type == "user.released.v1")
      co_return co_await delete_credentials(credential_, call, std::move(event.subject));
    if (event.event_type == "user.updated.v1")
      co_return co_await end_sessions_if_disabled(call, std::move(event.subject));
    co_return Done{};
  }

 private:
  // As they are now and not as the event says: whoever has been let in again since keeps their new sessions.
  Task<void> end_sessions_if_disabled(Call call, std::string user_id) {
    identity::v1::GetUserRequest request;
    request.set_user_id(user_id);
    const auto user = co_await identity_.get_user(call, std::move(request));
    if (!user && user.error().code == Code::not_found) co_return Done{};  // user.deleted follows
    if (!user) co_return pass(user);
    if (user->status() != identity::v1::USER_STATUS_DISABLED) co_return Done{};
    co_return co_await end_all_sessions(auth_, call, std::move(user_id), "disabled");
  }

  identity::Api& identity_;
  auth::Api& auth_;
  credential::Api& credential_;
};

}  // namespace

Task<void> end_all_sessions(auth::Api& auth, Call call, std::string user_id, std::string_view reason) {
  auth::v1::RevokeUserSessionsRequest request;
  request.set_user_id(std::move(user_id));
  request.set_reason(std::string(reason));
  const auto revoked = co_await auth.revoke_user_sessions(call, std::move(request));
  if (!revoked) co_return pass(revoked);
  co_return Done{};
}

Task<void> end_account(auth::Api& auth, credential::Api& credential, Call call, std::string user_id) {
  // Sessions last: whoever is told to try again needs theirs to do so.
  const auto deleted = co_await delete_credentials(credential, call, user_id);
  if (!deleted) co_return pass(deleted);
  co_return co_await end_all_sessions(auth, call, std::move(user_id), "deleted");
}

std::unique_ptr<events::Handler> make_account_end_consumer(identity::Api& identity, auth::Api& auth,
                                                           credential::Api& credential) {
  return std::make_unique<AccountEnd>(identity, auth, credential);
}

}  // namespace gatehouse::gateway
