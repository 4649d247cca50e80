// Identity's store on SQLite: one file, one writer. Each method is one job on the database's thread; the private
// functions of the same name are those jobs' bodies. Users in sqlite_users.cpp, addresses in sqlite_identifiers.cpp,
// challenges in sqlite_challenges.cpp, keys and cleaning in sqlite_store.cpp. Outlives its shard's tasks.
#pragma once

#include "drivers/sqlite/database.h"
#include "identity/store.h"
#include "identity/subject_key.h"

namespace gatehouse::identity {

class SqliteStore final : public Store {
 public:
  SqliteStore(sqlite::Database& database, const crypto::MasterKey& master_key, Random& random)
      : database_(database), subject_keys_(master_key, random), random_(random) {}

  Task<CreatedUser> create_user(Occasion occasion, NewUser user) override;
  Task<Changed<v1::User>> activate_user(Occasion occasion, UserId id) override;
  Task<Changed<bool>> release_user(Occasion occasion, UserId id) override;
  Task<std::vector<v1::User>> list_pending_users(Call call, WallTime created_before, int limit) override;
  Task<v1::User> find_user(Call call, UserId id) override;
  Task<v1::User> find_user_by_username(Call call, std::string key) override;
  Task<v1::User> find_user_by_email(Call call, std::string key) override;
  Task<Changed<v1::User>> update_user(Occasion occasion, UserId id, UserPatch patch) override;
  Task<Changed<v1::User>> set_user_disabled(Occasion occasion, UserId id, bool disabled) override;
  Task<Changed<Nothing>> delete_user(Occasion occasion, UserId id,
                                     std::optional<std::int64_t> expected_version) override;

  Task<std::vector<v1::Identifier>> list_identifiers(Call call, UserId user) override;
  Task<Changed<v1::Identifier>> attach_identifier(Occasion occasion, NewIdentifier identifier) override;
  Task<Changed<Nothing>> detach_identifier(Occasion occasion, UserId user, Uuid identifier) override;

  Task<void> create_challenge(Occasion occasion, NewChallenge challenge) override;
  Task<Judged> try_challenge(Occasion occasion, Guess guess) override;

  Task<void> void_recoveries(Call call, UserId user, std::optional<WallTime> until) override;
  Task<SecretKey> find_subject_key(Call call, Uuid key_id) override;
  Task<int> clean_up(Occasion occasion, int limit) override;

 private:
  using Connection = sqlite::Connection;

  Result<CreatedUser> create_user(Connection& connection, const Occasion& occasion, const NewUser& user) const;
  Result<std::optional<CreatedUser>> resume(Connection& connection, const Occasion& occasion,
                                            const NewUser& user) const;
  Result<Changed<v1::User>> activate_user(Connection& connection, const Occasion& occasion, UserId id) const;
  Done announce_created(Connection& connection, const Occasion& occasion, const v1::User& user, UserId id) const;
  Result<Changed<bool>> release_user(Connection& connection, const Occasion& occasion, UserId id) const;
  Result<Changed<v1::User>> update_user(Connection& connection, const Occasion& occasion, UserId id,
                                        const UserPatch& patch) const;
  Result<Changed<v1::User>> set_user_disabled(Connection& connection, const Occasion& occasion, UserId id,
                                              bool disabled) const;
  Result<Changed<Nothing>> delete_user(Connection& connection, const Occasion& occasion, UserId id,
                                       std::optional<std::int64_t> expected_version) const;
  Done erase_rows(Connection& connection, UserId id) const;

  Result<Changed<v1::Identifier>> attach_identifier(Connection& connection, const Occasion& occasion,
                                                    const NewIdentifier& wanted) const;
  Result<Changed<v1::Identifier>> verify_identifier(Connection& connection, const Occasion& occasion,
                                                    const NewIdentifier& wanted, bool is_new) const;
  Done use_proof(Connection& connection, const Occasion& occasion, const NewIdentifier& wanted) const;
  Done drop_other_claims(Connection& connection, const Occasion& occasion, const NewIdentifier& wanted,
                         std::vector<UserChanged>& users) const;
  Result<Changed<Nothing>> detach_identifier(Connection& connection, const Occasion& occasion, UserId user,
                                             Uuid identifier) const;

  Done create_challenge(Connection& connection, const Occasion& occasion, const NewChallenge& wanted) const;
  Result<Judged> try_challenge(Connection& connection, const Occasion& occasion, const Guess& guess) const;

  Result<SecretKey> find_subject_key(Connection& connection, const Uuid& key_id) const;

  sqlite::Database& database_;
  SubjectKeys subject_keys_;
  Random& random_;
};

}  // namespace gatehouse::identity
