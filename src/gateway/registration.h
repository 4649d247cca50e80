// Registration: the sequence over four roles that ends with a user who is logged in. One per shard.
//
// There is no transaction over the roles' databases. Instead each step can be repeated: the request's key names the
// user that create_user makes and the session that create_session opens, and a retry continues where the first try
// stopped. What nobody retries, sweep_registrations() finishes or undoes, so that a crash between two steps never
// burns a username; what was refused and has no key to be retried under is undone at once.
#pragma once

#include <cstdint>
#include <string>

#include "auth/api.h"
#include "base/random.h"
#include "credential/api.h"
#include "identity/api.h"

namespace gatehouse::gateway {

struct RegistrationRequest {
  std::string key;  // the client's Idempotency-Key; empty: this request is nobody's retry
  std::string username;
  std::string email;         // empty: none
  std::string password;
  std::string challenge_id;  // a solved challenge for the address; empty: none
  std::string user_agent;
  WallTime began_at{};  // when the request was whole, before anything was looked up
};

struct Account {
  identity::v1::User user;
  std::int64_t password_version = 0;  // of the password that the request brought
};

struct Registered {
  identity::v1::User user;
  auth::v1::Tokens tokens;
};

class Registration {
 public:
  Registration(identity::Api& identity, credential::Api& credential, auth::Api& auth, Random& random)
      : identity_(identity), credential_(credential), auth_(auth), random_(random) {}

  // Besides the roles' own errors: ABORTED idempotency_key_reused when the key was used with another password;
  // UNAUTHENTICATED invalid_credentials, as login says it, when whom the key made may not act any more.
  Task<Registered> run(Call call, RegistrationRequest asked);
  // The same without a session at the end: what an operator does.
  Task<Account> create_account(Call call, RegistrationRequest asked);

 private:
  Task<identity::v1::CreateUserResponse> create_user(Call call, RegistrationRequest asked);
  // The password is set now, or was set before under this key and is the same one. Its version.
  Task<std::int64_t> set_or_prove_password(Call call, RegistrationRequest asked, identity::v1::CreateUserResponse created);
  Task<std::int64_t> prove_password(Call call, RegistrationRequest asked, std::string user_id);
  // For somebody who was disabled since: as much work as for anybody, and always the answer of login.
  Task<Account> refuse_disabled(Call call, RegistrationRequest asked, std::string user_id);
  Task<void> attach_email(Call call, RegistrationRequest asked, std::string user_id);
  // Gives the username back when `why` is final or nobody can come back under a key, so that the person can try again at
  // once. Always fails with `why`.
  Task<Account> give_up(Call call, bool is_resumable, std::string user_id, Error why);

  identity::Api& identity_;
  credential::Api& credential_;
  auth::Api& auth_;
  Random& random_;
};

// Finishes (a password is set) or undoes (none is) what was begun more than limits::pending_user_ms ago. One round.
Task<void> sweep_registrations_once(identity::Api& identity, credential::Api& credential, WallTime now);

}  // namespace gatehouse::gateway
