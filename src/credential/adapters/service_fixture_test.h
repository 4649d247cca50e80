// The credential role on one shard over a SQLite database and a small hash pool, for tests of the service.
#pragma once

#include <array>
#include <latch>

#include "credential/adapters/sqlite_place_test.h"

namespace gatehouse::credential {

class CredentialServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    config_.argon2_memory_kib = 64;
    config_.argon2_passes = 1;
    service_ = make(true);
    shard_.start();
  }
  void TearDown() override {
    service_.reset();
    shard_.stop();
  }
  std::unique_ptr<Api> make(bool limits_enabled) {
    const Parts parts{.database = place_.database(),
                      .in_flight = place_.in_flight(),
                      .hash_pool = pool_,
                      .config = config_,
                      .master_key = master_,
                      .clock = clock_,
                      .random = random_,
                      .metrics = metrics_,
                      .limits_enabled = limits_enabled};
    return make_sqlite_service(shard_, parts);
  }
  template <class T>
  std::future<Result<T>> begin(Task<T> task) {
    return asio::co_spawn(shard_.executor(), std::move(task), asio::use_future);
  }
  template <class T>
  Result<T> wait(Task<T> task) {
    return begin<T>(std::move(task)).get();
  }
  Result<v1::SetPasswordResponse> set(const std::string& password) {
    v1::SetPasswordRequest request;
    request.set_user_id(user_);
    request.set_password(password);
    request.add_user_words("ada-lovelace");
    return wait<v1::SetPasswordResponse>(service_->set_password(Call(), std::move(request)));
  }
  Result<v1::PreparedPassword> prepare(const std::string& password) {
    v1::PreparePasswordRequest request;
    request.set_user_id(user_);
    request.set_password(password);
    request.add_user_words("ada-lovelace");
    return wait<v1::PreparedPassword>(service_->prepare_password(Call(), std::move(request)));
  }
  Result<v1::ReplacePasswordResponse> replace(const std::string& password, std::optional<std::int64_t> expected = {}) {
    const auto prepared = prepare(password);
    if (!prepared) return pass(prepared);
    v1::ReplacePasswordRequest request;
    request.set_user_id(user_);
    request.set_prepared(prepared->sealed());
    if (expected) request.set_expected_version(*expected);
    return wait<v1::ReplacePasswordResponse>(service_->replace_password(Call(), std::move(request)));
  }
  static v1::VerifyPasswordRequest attempt(const std::string& password, std::string user_id = user_,
                                           std::string account = "ada-lovelace") {
    v1::VerifyPasswordRequest request;
    request.set_user_id(std::move(user_id));
    request.set_password(password);
    request.set_account(std::move(account));
    return request;
  }
  static Call from(std::string_view source) {
    Call call;
    call.caller.source = source;
    return call;
  }
  std::string verify(const std::string& password, std::string_view source = "192.0.2.1") {
    return outcome(wait<v1::VerifyPasswordResponse>(service_->verify_password(from(source), attempt(password))));
  }
  static std::string outcome(const Result<v1::VerifyPasswordResponse>& answer) {
    return answer ? "right" : answer.error().reason;
  }
  std::uint64_t hashes() const { return pool_.stats().run; }
  std::string stored() {
    return wait<std::optional<StoredPassword>>(place_.store().load_password(Call(), user_))->value().phc;
  }
  void plant(std::string phc) {
    const NewPassword password{.user_id = user_, .phc = std::move(phc), .unicode_version = "15"};
    const Moment moment{.at = clock_.wall(), .correlation_id = "", .trace_parent = ""};
    const auto saved = wait<bool>(place_.store().save_password(Call(), password, moment));
    ASSERT_TRUE(saved);
    if (*saved) return;
    Replacement replacement{.password = password, .expected_version = {}, .kept_session_id = {}};
    ASSERT_TRUE(wait<std::int64_t>(place_.store().replace_password(Call(), std::move(replacement), moment)));
  }
  static crypto::MasterKey master() {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(3);
    return crypto::MasterKey(SecretKey(raw));
  }

  static constexpr const char* user_ = "01890a5d-ac96-774b-bcce-b302099a8057";
  const std::string good_ = "kumquat lantern orbit";
  ManualClock clock_;
  SystemRandom random_;
  telemetry::Metrics metrics_;
  crypto::MasterKey master_ = master();
  config::Password config_;
  SqlitePlace place_;
  Shard shard_{0};
  CpuPool pool_{{.name = "hash", .threads = 2}, clock_};
  std::unique_ptr<Api> service_;
};

// Occupies both threads of the pool until let go.
class HeldPool {
 public:
  explicit HeldPool(CpuPool& pool, Shard& shard) {
    for (int i = 0; i < 2; ++i) {
      auto job = [this]() -> Result<int> {
        entered_.count_down();
        release_.wait();
        return 0;
      };
      held_.push_back(asio::co_spawn(shard.executor(), pool.run<int>(Call(), std::move(job)), asio::use_future));
    }
    entered_.wait();
  }
  void let_go() {
    release_.count_down();
    for (auto& one : held_) (void)one.get();
  }

 private:
  std::latch entered_{2}, release_{1};
  std::vector<std::future<Result<int>>> held_;
};

}  // namespace gatehouse::credential
