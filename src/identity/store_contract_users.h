// Registration, reading, change, erasure: what every Store promises (store_contract.h says how to run it).
#pragma once

#include "identity/store_contract.h"

namespace gatehouse::identity {

template <class Backend>
class StoreUsers : public StoreContract<Backend> {};
TYPED_TEST_SUITE_P(StoreUsers);

TYPED_TEST_P(StoreUsers, the_same_key_and_request_return_the_user_they_made) {
  const auto first = this->wait(this->store().create_user(this->now(), this->new_user("ann", "k")));
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->resumed);
  EXPECT_EQ(first->user.status(), v1::USER_STATUS_PENDING);
  EXPECT_EQ(first->user.version(), 1);
  const auto again = this->wait(this->store().create_user(this->now(), this->new_user("ann", "k")));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->resumed);
  EXPECT_EQ(again->user.id(), first->user.id());
  EXPECT_TRUE(this->events().empty());  // nobody hears of a pending user
}

TYPED_TEST_P(StoreUsers, a_key_used_for_another_request_is_refused) {
  ASSERT_TRUE(this->wait(this->store().create_user(this->now(), this->new_user("ann", "k"))));
  auto other = this->new_user("bob", "k");
  other.request_hash = this->digest_of("something else");
  const auto refused = this->wait(this->store().create_user(this->now(), std::move(other)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::aborted);
  EXPECT_EQ(refused.error().reason, "idempotency_key_reused");
}

TYPED_TEST_P(StoreUsers, a_key_is_kept_a_day) {
  ASSERT_TRUE(this->wait(this->store().create_user(this->now(), this->new_user("ann", "k"))));
  this->clock.advance(idempotency_key_kept - Milliseconds{1});
  EXPECT_TRUE(this->wait(this->store().create_user(this->now(), this->new_user("ann", "k")))->resumed);
  this->clock.advance(Milliseconds{1});
  EXPECT_EQ(this->wait(this->store().create_user(this->now(), this->new_user("ann", "k"))).error().reason,
            "username_taken");
}

TYPED_TEST_P(StoreUsers, S84_a_hundred_parallel_registrations_of_one_name_make_one_user) {
  std::vector<Task<CreatedUser>> tasks;
  for (int i = 0; i < 100; ++i)
    tasks.push_back(this->store().create_user(this->now(), this->new_user(i % 2 ? "ann" : "ANN")));
  int created = 0;
  for (const auto& result : wait_all(this->backend.shard(), std::move(tasks))) {
    created += result.has_value();
    if (!result) {
      EXPECT_EQ(result.error().reason, "username_taken");
    }
  }
  EXPECT_EQ(created, 1);
}

TYPED_TEST_P(StoreUsers, a_hundred_parallel_retries_of_one_registration_make_one_user) {
  std::vector<Task<CreatedUser>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(this->store().create_user(this->now(), this->new_user("ann", "k")));
  std::set<std::string> ids;
  for (const auto& result : wait_all(this->backend.shard(), std::move(tasks))) ids.insert(result->user.id());
  EXPECT_EQ(ids.size(), 1U);
}

TYPED_TEST_P(StoreUsers, S84_two_names_that_look_the_same_are_one) {
  ASSERT_TRUE(this->wait(this->store().create_user(this->now(), this->new_user("\u0647\u0627\u0646\u064A"))));
  const auto refused = this->wait(this->store().create_user(this->now(), this->new_user("\u06C1\u0627\u0646\u064A")));
  EXPECT_EQ(refused.error().reason, "username_taken");
}

TYPED_TEST_P(StoreUsers, releasing_a_pending_user_frees_name_and_key) {
  const auto ann = this->wait(this->store().create_user(this->now(), this->new_user("ann", "k")))->user;
  const auto released = this->wait(this->store().release_user(this->now(), this->id_of(ann)));
  EXPECT_TRUE(released->value);
  ASSERT_EQ(released->users.size(), 1U);
  EXPECT_EQ(released->users[0].username_keys, Names{"ann"});
  EXPECT_EQ(this->wait(this->store().find_user(Call{}, this->id_of(ann))).error().reason, "user_not_found");
  const auto again = this->wait(this->store().create_user(this->now(), this->new_user("ann", "k")));
  EXPECT_FALSE(again->resumed);
  EXPECT_NE(again->user.id(), ann.id());
  EXPECT_EQ(this->story(ann.id()), Names{"user.released.v1"}) << "for whoever keeps something of theirs already";
}

TYPED_TEST_P(StoreUsers, an_address_given_at_registration_is_there_whoever_finishes_it) {
  auto wanted = this->new_user("ann");
  wanted.email = *parse_email("ann@example.org");
  const auto ann = this->wait(this->store().create_user(this->now(), wanted))->user;
  const auto active = this->wait(this->store().activate_user(this->now(), this->id_of(ann)));
  ASSERT_TRUE(active);
  EXPECT_EQ(active->value.email(), "ann@example.org");
  EXPECT_FALSE(active->value.email_verified());
  EXPECT_EQ(this->story(ann.id()), (Names{"user.created.v1", "identifier.attached.v1"}));
  EXPECT_TRUE(this->verify(ann, "ann@example.org"));
}

TYPED_TEST_P(StoreUsers, release_does_nothing_to_anybody_else) {
  const auto ann = this->create_active("ann");
  EXPECT_FALSE(this->wait(this->store().release_user(this->now(), this->id_of(ann)))->value);
  EXPECT_FALSE(this->wait(this->store().release_user(this->now(), UserId{this->fresh_id()}))->value);
  EXPECT_EQ(this->find(ann).status(), v1::USER_STATUS_ACTIVE);
}

TYPED_TEST_P(StoreUsers, lists_pending_users_oldest_first) {
  for (const auto* name : {"one", "two", "three"}) {
    this->create(name);
    this->clock.advance(Milliseconds{1000});
  }
  this->create_active("four");
  const auto cut = this->clock.wall() - Milliseconds{1000};
  const auto pending = this->wait(this->store().list_pending_users(Call{}, cut, 10)).value();
  ASSERT_EQ(pending.size(), 2U);
  EXPECT_EQ(pending[0].username(), "one");
  EXPECT_EQ(pending[1].username(), "two");
  EXPECT_EQ(this->wait(this->store().list_pending_users(Call{}, cut, 1))->size(), 1U);
}

TYPED_TEST_P(StoreUsers, activating_tells_the_world_once_and_seals_who_it_is) {
  const auto ann = this->create("Ann");
  ASSERT_TRUE(this->attach(ann, "Ann@example.org"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(this->wait(this->store().activate_user(this->now(), this->id_of(ann)))->value.status(),
              v1::USER_STATUS_ACTIVE);
  EXPECT_EQ(this->story(ann.id()), (Names{"user.created.v1", "identifier.attached.v1"}));
  const auto created = this->events().at(0);
  EXPECT_EQ(created.subject_version, 1);
  EXPECT_EQ(created.key_id, ann.id());
  EXPECT_EQ(created.data.find("Ann"), std::string::npos);
  const auto data = this->unseal(created);
  EXPECT_EQ(data.at("username"), "Ann");
  EXPECT_EQ(data.at("email"), "Ann@example.org");
  EXPECT_EQ(this->wait(this->store().activate_user(this->now(), UserId{this->fresh_id()})).error().reason,
            "user_not_found");
}

TYPED_TEST_P(StoreUsers, finds_by_name_and_by_verified_address_only) {
  const auto ann = this->create_active("Ann");
  EXPECT_EQ(this->wait(this->store().find_user_by_username(Call{}, "ann"))->id(), ann.id());
  EXPECT_EQ(this->wait(this->store().find_user_by_username(Call{}, "bob")).error().reason, "user_not_found");
  ASSERT_TRUE(this->attach(ann, "ann@example.org"));
  EXPECT_FALSE(this->wait(this->store().find_user_by_email(Call{}, "ann@example.org")));
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  EXPECT_EQ(this->wait(this->store().find_user_by_email(Call{}, "ann@example.org"))->id(), ann.id());
}

TYPED_TEST_P(StoreUsers, an_update_changes_what_is_set_and_names_the_fields) {
  const auto ann = this->create_active("ann");
  UserPatch patch{.username = *parse_username("Annie"), .display_name = "Ann Lee", .expected_version = ann.version()};
  const auto updated = this->wait(this->store().update_user(this->now(), this->id_of(ann), patch));
  ASSERT_TRUE(updated);
  EXPECT_EQ(updated->value.username(), "Annie");
  EXPECT_EQ(updated->value.display_name(), "Ann Lee");
  EXPECT_EQ(updated->value.version(), ann.version() + 1);
  ASSERT_EQ(updated->users.size(), 1U);
  EXPECT_EQ(updated->users[0].username_keys, (Names{"ann", "annie"}));
  EXPECT_EQ(this->events().back().data, R"({"changed":["username","display_name"],"status":"active"})");
  EXPECT_FALSE(this->wait(this->store().find_user_by_username(Call{}, "ann")));
  this->create("ann");  // the old name is free
}

TYPED_TEST_P(StoreUsers, an_update_that_changes_nothing_is_not_a_change) {
  const auto ann = this->create_active("ann");
  const auto told = this->events().size();
  const UserPatch patch{.username = *parse_username("ann"), .display_name = "", .locale = ""};
  const auto updated = this->wait(this->store().update_user(this->now(), this->id_of(ann), patch));
  EXPECT_EQ(updated->value.version(), ann.version());
  EXPECT_TRUE(updated->users.empty());
  EXPECT_EQ(this->events().size(), told);
}

TYPED_TEST_P(StoreUsers, an_update_of_an_old_version_or_to_a_taken_name_is_refused_whole) {
  const auto ann = this->create_active("ann");
  this->create("bob");
  const UserPatch stale{.display_name = "x", .expected_version = ann.version() - 1};
  const auto mismatch = this->wait(this->store().update_user(this->now(), this->id_of(ann), stale));
  EXPECT_EQ(mismatch.error().code, Code::failed_precondition);
  EXPECT_EQ(mismatch.error().reason, "version_mismatch");
  const UserPatch taken{.username = *parse_username("BOB"), .display_name = "x"};
  EXPECT_EQ(this->wait(this->store().update_user(this->now(), this->id_of(ann), taken)).error().reason,
            "username_taken");
  EXPECT_EQ(this->find(ann).display_name(), "");
  EXPECT_EQ(this->find(ann).version(), ann.version());
}

TYPED_TEST_P(StoreUsers, one_of_many_parallel_updates_of_one_version_wins) {
  const auto ann = this->create_active("ann");
  std::vector<Task<Changed<v1::User>>> tasks;
  for (int i = 0; i < 20; ++i)
    tasks.push_back(this->store().update_user(
        this->now(), this->id_of(ann),
        UserPatch{.display_name = "n" + std::to_string(i), .expected_version = ann.version()}));
  int won = 0;
  for (const auto& result : wait_all(this->backend.shard(), std::move(tasks))) won += result.has_value();
  EXPECT_EQ(won, 1);
}

TYPED_TEST_P(StoreUsers, disabling_and_enabling_are_told_and_idempotent) {
  const auto ann = this->create_active("ann");
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(this->wait(this->store().set_user_disabled(this->now(), this->id_of(ann), true)));
  EXPECT_EQ(this->find(ann).status(), v1::USER_STATUS_DISABLED);
  EXPECT_EQ(this->events().back().data, R"({"changed":["status"],"status":"disabled"})");
  const auto activated = this->wait(this->store().activate_user(this->now(), this->id_of(ann)));
  ASSERT_FALSE(activated) << "a repeated registration does not get past being disabled";
  EXPECT_EQ(activated.error().code, Code::permission_denied);
  EXPECT_EQ(this->find(ann).status(), v1::USER_STATUS_DISABLED);
  ASSERT_TRUE(this->wait(this->store().set_user_disabled(this->now(), this->id_of(ann), false)));
  EXPECT_EQ(this->story(ann.id()), (Names{"user.created.v1", "user.updated.v1", "user.updated.v1"}));
  EXPECT_EQ(
      this->wait(this->store().set_user_disabled(this->now(), this->id_of(this->create("bob")), true)).error().reason,
      "user_pending");
}

TYPED_TEST_P(StoreUsers, deleting_erases_the_person_and_frees_the_name) {
  const auto ann = this->create_active("ann");
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  const auto stale = this->wait(this->store().delete_user(this->now(), this->id_of(ann), 1));
  EXPECT_EQ(stale.error().reason, "version_mismatch");
  const auto deleted = this->wait(this->store().delete_user(this->now(), this->id_of(ann), std::nullopt));
  ASSERT_TRUE(deleted);
  EXPECT_EQ(deleted->users.at(0).version, 0);
  EXPECT_EQ(this->story(ann.id()).back(), "user.deleted.v1");
  const auto key = this->wait(this->store().find_subject_key(Call{}, this->id_of(ann).value));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().reason, "erased");
  EXPECT_FALSE(this->wait(this->store().find_user_by_email(Call{}, "ann@example.org")));
  EXPECT_EQ(this->wait(this->store().delete_user(this->now(), this->id_of(ann), std::nullopt)).error().reason,
            "user_not_found");
  const auto next = this->create_active("ann");
  EXPECT_TRUE(this->verify(next, "ann@example.org"));
}

TYPED_TEST_P(StoreUsers, S97_a_quote_in_a_value_is_a_quote) {
  const auto ann = this->create_active("ann");
  const std::string name = "Robert'); DROP TABLE users;-- \" \\ %";
  const auto updated =
      this->wait(this->store().update_user(this->now(), this->id_of(ann), UserPatch{.display_name = name}));
  EXPECT_EQ(updated->value.display_name(), name);
  ASSERT_TRUE(this->attach(ann, "o'neil+'--@example.org"));
  EXPECT_EQ(this->find(ann).email(), "o'neil+'--@example.org");
  EXPECT_FALSE(this->wait(this->store().find_user_by_username(Call{}, "' OR '1'='1")));
}

TYPED_TEST_P(StoreUsers, events_of_a_subject_are_numbered_without_a_gap) {
  const auto ann = this->create_active("ann");
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  ASSERT_TRUE(this->wait(this->store().set_user_disabled(this->now(), this->id_of(ann), true)));
  ASSERT_TRUE(this->wait(this->store().delete_user(this->now(), this->id_of(ann), std::nullopt)));
  std::int64_t last = 0;
  for (const auto& event : this->events())
    if (event.subject == ann.id()) {
      EXPECT_EQ(event.subject_version, ++last);
    }
  EXPECT_EQ(last, 5);
}

REGISTER_TYPED_TEST_SUITE_P(
    StoreUsers, the_same_key_and_request_return_the_user_they_made, a_key_used_for_another_request_is_refused,
    a_key_is_kept_a_day, S84_a_hundred_parallel_registrations_of_one_name_make_one_user,
    a_hundred_parallel_retries_of_one_registration_make_one_user, S84_two_names_that_look_the_same_are_one,
    releasing_a_pending_user_frees_name_and_key, an_address_given_at_registration_is_there_whoever_finishes_it, release_does_nothing_to_anybody_else, lists_pending_users_oldest_first,
    activating_tells_the_world_once_and_seals_who_it_is, finds_by_name_and_by_verified_address_only,
    an_update_changes_what_is_set_and_names_the_fields, an_update_that_changes_nothing_is_not_a_change,
    an_update_of_an_old_version_or_to_a_taken_name_is_refused_whole, one_of_many_parallel_updates_of_one_version_wins,
    disabling_and_enabling_are_told_and_idempotent, deleting_erases_the_person_and_frees_the_name,
    S97_a_quote_in_a_value_is_a_quote, events_of_a_subject_are_numbered_without_a_gap);

}  // namespace gatehouse::identity
