#include "identity/service.h"

#include <gtest/gtest.h>

#include "identity/adapters/sqlite_fixture_test.h"
#include "runtime/timer.h"

namespace gatehouse::identity {
namespace {

TEST_F(ServiceTest, registering_twice_under_one_key_is_registering_once) {
  const auto first = wait(api->create_user(Call{}, registration("Ann", "k")));
  const auto again = wait_far(far_api->create_user(Call{}, registration("Ann", "k")));
  EXPECT_FALSE(first->resumed());
  EXPECT_TRUE(again->resumed());
  EXPECT_EQ(first->user().id(), again->user().id());
  auto other = registration("Bob", "k");
  other.set_request_hash(hash_of("another"));
  EXPECT_EQ(wait(api->create_user(Call{}, other)).error().reason, "idempotency_key_reused");
}

TEST_F(ServiceTest, every_invalid_field_of_a_registration_is_named) {
  auto request = registration("a", "k");
  request.set_email("nonsense");
  const auto refused = wait(api->create_user(Call{}, request));
  ASSERT_EQ(refused.error().fields.size(), 2U);
  EXPECT_EQ(refused.error().fields[0].field, "username");
  EXPECT_EQ(refused.error().fields[1].field, "email");
}

TEST_F(ServiceTest, a_registration_needs_a_key_and_a_request_hash) {
  EXPECT_EQ(wait(api->create_user(Call{}, registration("ann", ""))).error().reason, "idempotency_key_invalid");
  EXPECT_EQ(wait(api->create_user(Call{}, registration("ann", std::string(161, 'k')))).error().reason,
            "idempotency_key_invalid");
  EXPECT_TRUE(wait(api->create_user(Call{}, registration("bob", "register:" + std::string(128, 'k')))));
  auto request = registration("ann", "k");
  request.set_request_hash("short");
  EXPECT_EQ(wait(api->create_user(Call{}, request)).error().reason, "request_hash_invalid");
}

TEST_F(ServiceTest, S84_a_hundred_parallel_registrations_of_one_name_on_two_shards_make_one_user) {
  std::vector<std::future<Result<v1::CreateUserResponse>>> far;
  std::vector<Task<v1::CreateUserResponse>> near;
  for (int i = 0; i < 50; ++i) {
    far.push_back(asio::co_spawn(far_shard.executor(),
                                 far_api->create_user(Call{}, registration("ann", "f" + std::to_string(i))),
                                 asio::use_future));
    near.push_back(api->create_user(Call{}, registration("Ａｎｎ", "n" + std::to_string(i))));
  }
  int created = 0;
  for (const auto& result : wait_all(shard, std::move(near))) created += result.has_value();
  for (auto& result : far) created += result.get().has_value();
  EXPECT_EQ(created, 1);
}

TEST_F(ServiceTest, a_user_in_the_cache_is_answered_without_suspending_and_without_the_database) {
  const auto ann = create_active("ann");
  ASSERT_TRUE(wait(api->get_user(Call{}, by_id(ann))));
  ASSERT_TRUE(wait(api->get_user_by_username(Call{}, by_name("Ann"))));
  const auto reads = database->stats().reads;
  std::optional<Result<v1::User>> one, other;
  asio::co_spawn(shard.executor(), api->get_user(Call{}, by_id(ann)),
                 [&](std::exception_ptr, Result<v1::User> user) { one = std::move(user); });
  asio::co_spawn(shard.executor(), api->get_user_by_username(Call{}, by_name("ANN")),
                 [&](std::exception_ptr, Result<v1::User> user) { other = std::move(user); });
  shard.io().restart();
  shard.io().poll();  // nothing outside this loop ran in between
  ASSERT_TRUE(one && other);
  EXPECT_EQ((*one)->username(), "ann");
  EXPECT_EQ((*other)->id(), ann.id());
  EXPECT_EQ(database->stats().reads, reads);
}

TEST_F(ServiceTest, who_is_not_there_is_not_remembered) {
  EXPECT_EQ(wait(api->get_user_by_username(Call{}, by_name("ann"))).error().reason, "user_not_found");
  const auto ann = create("ann");
  EXPECT_EQ(wait(api->get_user_by_username(Call{}, by_name("ann")))->id(), ann.id());
}

TEST_F(ServiceTest, a_change_on_one_shard_is_seen_by_the_next_request_on_another) {
  const auto ann = create_active("ann");
  for (int round = 0; round < 20; ++round) {
    const std::string old_name = round % 2 ? "annie" : "ann", new_name = round % 2 ? "ann" : "annie";
    ASSERT_EQ(wait_far(far_api->get_user(Call{}, by_id(ann)))->username(), old_name);
    ASSERT_TRUE(wait_far(far_api->get_user_by_username(Call{}, by_name(old_name))));
    ASSERT_TRUE(wait(api->update_user(Call{}, rename(ann, new_name))));
    ASSERT_EQ(wait_far(far_api->get_user(Call{}, by_id(ann)))->username(), new_name);
    ASSERT_FALSE(wait_far(far_api->get_user_by_username(Call{}, by_name(old_name))));
    ASSERT_EQ(wait_far(far_api->get_user_by_username(Call{}, by_name(new_name)))->id(), ann.id());
  }
}

Async<void> give_up_soon(Task<v1::User> change, bool* ended) {
  (void)co_await std::move(change);
  *ended = true;
}

TEST_F(ServiceTest, a_caller_who_gives_up_during_a_change_leaves_no_old_value_behind) {
  const auto ann = create_active("ann");
  ASSERT_EQ(wait_far(far_api->get_user(Call{}, by_id(ann)))->username(), "ann");
  Scope callers(shard.executor());
  bool ended = false;
  callers.spawn(give_up_soon(api->update_user(Call{}, rename(ann, "annie")), &ended));
  shard.io().restart();
  shard.io().poll();     // the change is on its way to the writer
  callers.cancel_all();  // and its caller hangs up
  while (callers.live() > 0) {
    shard.io().restart();
    shard.io().run_one();
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(wait_far(far_api->get_user(Call{}, by_id(ann)))->username(), "annie");
}

TEST_F(ServiceTest, readers_beside_a_writer_never_see_a_version_go_back) {
  const auto ann = create_active("ann");
  std::atomic<std::int64_t> acknowledged = ann.version();
  std::atomic<bool> is_over = false;
  std::atomic<int> old_values = 0;
  auto read_on = [](Api* from, v1::GetUserRequest request, std::atomic<std::int64_t>* at_least, std::atomic<bool>* over,
                    std::atomic<int>* old) -> Async<void> {
    while (!*over) {
      const auto before = at_least->load();
      const Call call{};
      const auto user = co_await from->get_user(call, request);
      if (user->version() < before) ++*old;
      co_await sleep_for(Milliseconds{0});  // what is cached does not suspend, and the shard must hear the Bus
    }
  };
  auto reading = asio::co_spawn(
      far_shard.executor(), read_on(far_api.get(), by_id(ann), &acknowledged, &is_over, &old_values), asio::use_future);
  for (int i = 0; i < 200; ++i)
    acknowledged = wait(api->update_user(Call{}, rename(ann, i % 2 ? "ann" : "annie")))->version();
  is_over = true;
  reading.get();
  EXPECT_EQ(old_values, 0);
}

TEST_F(ServiceTest, S94_a_change_touches_the_named_fields_only) {
  const auto ann = create_active("ann");
  v1::UpdateUserRequest request;
  request.set_user_id(ann.id());
  request.set_display_name(" Ann Lee ");
  request.set_locale("de-at");
  const auto updated = wait(api->update_user(Call{}, request)).value();
  EXPECT_EQ(updated.display_name(), "Ann Lee");
  EXPECT_EQ(updated.locale(), "de-AT");
  auto expected = ann;
  expected.set_display_name("Ann Lee");
  expected.set_locale("de-AT");
  expected.set_version(ann.version() + 1);
  EXPECT_EQ(updated.SerializeAsString(), expected.SerializeAsString());
}

TEST_F(ServiceTest, an_invalid_change_names_its_fields_and_an_old_version_is_refused) {
  const auto ann = create_active("ann");
  auto request = rename(ann, "x");
  request.set_locale("e");
  EXPECT_EQ(wait(api->update_user(Call{}, request)).error().fields.size(), 2U);
  auto stale = rename(ann, "annie");
  stale.set_expected_version(ann.version() + 1);
  EXPECT_EQ(wait(api->update_user(Call{}, stale)).error().reason, "version_mismatch");
}

TEST_F(ServiceTest, ids_that_are_none_are_not_found) {
  v1::GetUserRequest request;
  for (const auto* id : {"", "x", "00000000-0000-0000-0000-000000000000", "' OR 1=1 --"}) {
    request.set_user_id(id);
    EXPECT_EQ(wait(api->get_user(Call{}, request)).error().reason, "user_not_found");
  }
  EXPECT_EQ(wait(api->get_user_by_username(Call{}, by_name("a b"))).error().reason, "user_not_found");
  v1::GetUserByEmailRequest by_email;
  by_email.set_email("nonsense");
  EXPECT_EQ(wait(api->get_user_by_email(Call{}, by_email)).error().reason, "user_not_found");
}

TEST_F(ServiceTest, a_deleted_user_is_gone_everywhere_at_once) {
  const auto ann = create_active("ann");
  ASSERT_TRUE(wait_far(far_api->get_user(Call{}, by_id(ann))));
  v1::DeleteUserRequest request;
  request.set_user_id(ann.id());
  ASSERT_TRUE(wait(api->delete_user(Call{}, request)));
  EXPECT_FALSE(wait_far(far_api->get_user(Call{}, by_id(ann))));
  EXPECT_FALSE(wait_far(far_api->get_user_by_username(Call{}, by_name("ann"))));
  v1::GetSubjectKeyRequest key;
  key.set_key_id(ann.id());
  EXPECT_EQ(wait(api->get_subject_key(Call{}, key)).error().reason, "erased");
}

TEST_F(ServiceTest, the_sweepers_list_is_bounded) {
  for (int i = 0; i < 5; ++i) create("user" + std::to_string(i));
  clock.advance(Milliseconds{1});
  v1::ListPendingUsersRequest request;
  request.set_created_before_ms(to_ms(clock.wall()));
  request.set_limit(3);
  EXPECT_EQ(wait(api->list_pending_users(Call{}, request))->users_size(), 3);
  request.set_limit(1'000'000'000);
  EXPECT_EQ(wait(api->list_pending_users(Call{}, request))->users_size(), 5);
}

}  // namespace
}  // namespace gatehouse::identity
