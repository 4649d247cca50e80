#include "auth/wire.h"

#include "auth/adapters/service_fixture_test.h"
#include "runtime/scope.h"
#include "runtime/timer.h"

namespace gatehouse::auth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class AuthKeysTest : public AuthServiceTest {
 protected:
  v1::KeySet key_set(Api& by) { return wait<v1::KeySet>(by.get_key_set(Call(), v1::GetKeySetRequest())).value(); }
  v1::KeySet rotate(std::string alg = {}) {
    v1::RotateKeysRequest request;
    request.set_alg(std::move(alg));
    request.set_is_forced(true);
    auto set = wait<v1::KeySet>(first_->rotate_keys(Call(), request));
    EXPECT_TRUE(set) << set.error().detail;
    return set.value_or(v1::KeySet());
  }
  static std::string kid_in(const v1::KeySet& set, std::string_view state) {
    for (const auto& key : set.keys())
      if (key.state() == state) return key.kid();
    return "";
  }
  static std::string kid_of(const std::string& token) {
    const auto header = *from_base64url(token.substr(0, token.find('.')));
    const auto at = header.find("\"kid\":\"") + 7;
    return header.substr(at, header.find('"', at) - at);
  }
};

TEST_F(AuthKeysTest, shards_that_start_at_once_make_one_pair_of_keys) {
  auto one = begin<v1::KeySet>(first_->get_key_set(Call(), v1::GetKeySetRequest()), 1);
  auto two = begin<v1::KeySet>(second_->get_key_set(Call(), v1::GetKeySetRequest()), 2);
  const auto a = one.get().value(), b = two.get().value();
  EXPECT_EQ(a.keys_size(), 2);
  EXPECT_EQ(kid_in(a, "current"), kid_in(b, "current"));
  EXPECT_EQ(kid_in(a, "next"), kid_in(b, "next"));
}

TEST_F(AuthKeysTest, S56_the_key_set_shows_public_members_only) {
  for (const auto& key : key_set(*first_).keys())
    for (const std::string secret : {"\"d\"", "\"k\"", "\"p\"", "\"q\""})
      EXPECT_EQ(key.jwk().find(secret), std::string::npos);
}

TEST_F(AuthKeysTest, S56_a_rotation_refuses_no_valid_token_and_both_shards_sign_with_the_new_key) {
  const auto before = key_set(*first_);
  const auto old = login();
  const auto after = rotate();
  EXPECT_EQ(after.keys_size(), 3);
  EXPECT_GT(after.generation(), before.generation());
  EXPECT_EQ(kid_in(after, "current"), kid_in(before, "next"));
  EXPECT_EQ(kid_in(after, "retired"), kid_in(before, "current"));
  EXPECT_TRUE(check(old.access_token(), *first_));
  EXPECT_TRUE(check(old.access_token(), *second_));
  EXPECT_EQ(kid_of(login().access_token()), kid_in(after, "current"));
  const auto other = wait<v1::Tokens>(second_->create_session(Call(), session_request()), 2);
  EXPECT_EQ(kid_of(other->access_token()), kid_in(after, "current"));
  EXPECT_EQ(key_set(*second_).generation(), after.generation());
}

TEST_F(AuthKeysTest, another_algorithm_signs_after_it_has_been_published) {
  EXPECT_EQ(kid_of(login().access_token()), kid_in(key_set(*first_), "current"));
  auto set = rotate("EdDSA");
  EXPECT_TRUE(check(login().access_token(), *first_));
  set = rotate("EdDSA");
  const auto tokens = login();
  EXPECT_EQ(kid_of(tokens.access_token()), kid_in(set, "current"));
  EXPECT_TRUE(check(tokens.access_token(), *first_));
  v1::RotateKeysRequest wrong;
  wrong.set_alg("none");
  EXPECT_EQ(wait<v1::KeySet>(first_->rotate_keys(Call(), wrong)).error().code, Code::invalid_argument);
}

TEST_F(AuthKeysTest, S33_keys_survive_a_restart_and_are_useless_under_another_master_key) {
  const auto tokens = login();
  {
    const auto again = make_sqlite_service(one_, parts_);
    EXPECT_TRUE(check(tokens.access_token(), *again));
  }
  const auto other_master = master(2);
  Bus<KeysChanged> other_bus;
  const Parts other{.database = parts_.database,
                    .revocations = revocations_,
                    .key_changes = other_bus,
                    .config = config_,
                    .issuer = parts_.issuer,
                    .master_key = other_master,
                    .clock = clock_,
                    .random = random_,
                    .metrics = metrics_};
  const auto stranger = make_sqlite_service(one_, other);
  const auto refused = wait<v1::Tokens>(stranger->create_session(Call(), session_request()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "sealed_box_broken");
}

Async<void> run_briefly(Shard& shard, Async<void> task) {
  Scope scope(shard.executor());
  scope.spawn(std::move(task));
  for (int i = 0; i < 200 && scope.live() > 0; ++i) co_await sleep_for(Milliseconds{1});
  co_await scope.close(Scope::Stop::cancel);
}

TEST_F(AuthKeysTest, keys_rotate_by_schedule_once_they_are_due) {
  const auto before = key_set(*first_);
  const auto run = [this] {
    asio::co_spawn(one_.executor(), run_briefly(one_, rotate_keys_on_schedule(*first_, parts_)), asio::use_future)
        .get();
  };
  clock_.advance(days(29));
  run();
  EXPECT_EQ(key_set(*first_).generation(), before.generation());
  clock_.advance(days(1));
  run();
  const auto after = key_set(*first_);
  EXPECT_EQ(kid_in(after, "current"), kid_in(before, "next"));
  run();
  EXPECT_EQ(key_set(*first_).generation(), after.generation());
}

TEST_F(AuthKeysTest, the_clean_up_removes_what_is_over_and_keys_that_nobody_needs) {
  (void)login();
  const auto ended = login();
  ASSERT_TRUE(revoke(ended.session_id()));
  const auto rotated = rotate();
  clock_.advance(days(31));
  asio::co_spawn(one_.executor(), run_briefly(one_, clean_up_on_schedule(parts_)), asio::use_future).get();
  const auto after = key_set(*first_);
  EXPECT_EQ(after.keys_size(), 2);
  EXPECT_GT(after.generation(), rotated.generation());
  const auto left = wait<Store::Removed>(
      place_.store().remove_expired(Call(), clock_.wall(), clock_.wall(), limits::cleanup_batch_rows));
  EXPECT_EQ(left->rows, 0U);
}

}  // namespace
}  // namespace gatehouse::auth
