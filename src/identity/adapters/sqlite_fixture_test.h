// What the service's tests share: services of two shards on one real SQLite file, a clock in the test's hands, and a
// way to read the mail. The first shard's loop is turned by the test, the second has a thread of its own.
#pragma once

#include <stdlib.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>

#include "drivers/sqlite/outbox.h"
#include "identity/store_contract.h"
#include "identity/wire.h"

namespace gatehouse::identity {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string made = (std::filesystem::temp_directory_path() / "gatehouse-identity-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) std::abort();
    path_ = made;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    database = sqlite::Database::open({.file = folder.path() / "identity.db"}, sqlite_migrations(), clock).value();
    log = sqlite::make_event_log(*database, events::topic_identity);
    api = make_sqlite_service(shard, parts());
    far_api = make_sqlite_service(far_shard, parts());
    far_shard.start();
  }
  ~ServiceTest() override {
    far_shard.stop();
    database->close();
  }
  Parts parts() {
    return {.database = *database,
            .changes = changes,
            .master_key = master_key,
            .clock = clock,
            .random = random,
            .metrics = metrics};
  }

  template <class T>
  Result<T> wait(Task<T> task) {
    return wait_one(shard, std::move(task));
  }
  template <class T>
  Result<T> wait_far(Task<T> task) {
    return asio::co_spawn(far_shard.executor(), std::move(task), asio::use_future).get();
  }

  static std::string hash_of(std::string_view request) {
    return to_base64url(std::string(32 - request.size(), 'h') + std::string(request));
  }
  static v1::CreateUserRequest registration(std::string_view name, std::string_view key) {
    v1::CreateUserRequest request;
    request.set_username(std::string(name));
    request.set_idempotency_key(std::string(key));
    request.set_request_hash(hash_of("request"));
    return request;
  }
  v1::User create(const std::string& name) {
    return wait(api->create_user(Call{}, registration(name, "key of " + name)))->user();
  }
  v1::User create_active(const std::string& name) {
    v1::ActivateUserRequest request;
    request.set_user_id(create(name).id());
    return wait(api->activate_user(Call{}, request)).value();
  }
  static v1::GetUserRequest by_id(const v1::User& user) {
    v1::GetUserRequest request;
    request.set_user_id(user.id());
    return request;
  }
  static v1::GetUserByUsernameRequest by_name(const std::string& name) {
    v1::GetUserByUsernameRequest request;
    request.set_username(name);
    return request;
  }
  static v1::UpdateUserRequest rename(const v1::User& user, const std::string& name) {
    v1::UpdateUserRequest request;
    request.set_user_id(user.id());
    request.set_username(name);
    return request;
  }

  Result<v1::Challenge> challenge(const std::string& address, UserId by = {}) {
    v1::CreateChallengeRequest request;
    request.set_type("email");
    request.set_value(address);
    Call call;
    call.caller.user_id = by;
    return wait(api->create_challenge(call, request));
  }
  Result<v1::Challenge> solve(const std::string& id, const std::string& code) {
    v1::VerifyChallengeRequest request;
    request.set_challenge_id(id);
    request.set_code(code);
    return wait(api->verify_challenge(Call{}, request));
  }
  Result<v1::Identifier> attach(const v1::User& user, const std::string& address,
                                const std::string& challenge_id = {}) {
    v1::AttachIdentifierRequest request;
    request.set_user_id(user.id());
    request.set_type("email");
    request.set_value(address);
    request.set_challenge_id(challenge_id);
    return wait(api->attach_identifier(Call{}, request));
  }
  void verify(const v1::User& user, const std::string& address) {
    const auto made = challenge(address);
    ASSERT_TRUE(solve(made->id(), mailed_code(made->id())));
    ASSERT_TRUE(attach(user, address, made->id()));
  }
  Result<v1::StartRecoveryResponse> recover(const std::string& address) {
    v1::StartRecoveryRequest request;
    request.set_email(address);
    return wait(api->start_recovery(Call{}, request));
  }
  Result<v1::RedeemRecoveryResponse> redeem(const std::string& id, const std::string& code) {
    v1::RedeemRecoveryRequest request;
    request.set_challenge_id(id);
    request.set_code(code);
    return wait(api->redeem_recovery(Call{}, request));
  }

  Result<v1::RedeemRecoveryResponse> check_recovery(const std::string& id, const std::string& code) {
    v1::RedeemRecoveryRequest request;
    request.set_challenge_id(id);
    request.set_code(code);
    return wait(api->check_recovery(Call{}, request));
  }
  Result<v1::VoidRecoveriesResponse> void_recoveries(const v1::User& user, std::int64_t until_ms = 0) {
    v1::VoidRecoveriesRequest request;
    request.set_user_id(user.id());
    request.set_started_until_ms(until_ms);
    return wait(api->void_recoveries(Call{}, request));
  }

  std::vector<events::Event> events() {
    std::vector<events::Event> all;
    const auto logged = wait(log->read(Call{}, 0, 10'000));
    for (const auto& entry : *logged) all.push_back(entry.event);
    return all;
  }
  // What the person reads: the code in the mail of one challenge, as a consumer of the event gets at it.
  std::string mailed_code(const std::string& challenge_id) {
    v1::GetSubjectKeyRequest request;
    request.set_key_id(challenge_id);
    const auto found = wait(api->get_subject_key(Call{}, request));
    if (!found) return found.error().reason;
    std::array<std::uint8_t, 32> octets;
    std::ranges::copy(as_bytes(found->key()), octets.begin());
    const SecretKey key(octets);
    for (const auto& event : events()) {
      if (event.key_id != challenge_id) continue;
      const auto box = from_base64url(std::string_view(event.data).substr(1, event.data.size() - 2));
      const auto text = crypto::open(key, *box, event.event_id);
      return json::read_object(text->reveal())->at("code").as_string().c_str();
    }
    return "not mailed";
  }
  static std::string wrong(std::string code) {
    code[0] = code[0] == '0' ? '1' : '0';
    return code;
  }

  ManualClock clock;
  SystemRandom random;
  TemporaryFolder folder;
  crypto::MasterKey master_key{SecretKey({7})};
  telemetry::Metrics metrics;
  Bus<UserChanged> changes;
  Shard shard{0}, far_shard{1};
  std::unique_ptr<sqlite::Database> database;
  std::unique_ptr<events::EventLog> log;
  std::unique_ptr<Api> api, far_api;
};

}  // namespace gatehouse::identity
