// What every Store of the account role must do, written once and run against each of them. MakeStore is a fixture
// policy: it owns what the store stands on, answers store(), and says what was appended to the outbox.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <memory>
#include <string>
#include <vector>

#include "account/store.h"
#include "runtime/shard.h"

namespace gatehouse::account {

template <class MakeStore>
class StoreContract : public testing::Test {
 protected:
  static constexpr const char* alice = "018bcfe5-687b-7000-8000-00000000000a";
  static constexpr const char* bob = "018bcfe5-687b-7000-8000-00000000000b";

  StoreContract() { shard_.start(); }
  ~StoreContract() override { shard_.stop(); }

  template <class T>
  Result<T> wait_for(Task<T> task) {
    return asio::co_spawn(shard_.executor(), std::move(task), asio::use_future).get();
  }
  Store& store() { return made_.store(); }
  std::vector<std::string> said() {
    std::vector<std::string> types;
    for (const auto& event : wait_for(made_.said()).value()) types.push_back(event.event_type);
    return types;
  }
  events::Event event(const char* type, const char* subject) {
    events::Event one;
    one.event_id = "018bcfe5-687b-7000-8000-0000000000" + std::to_string(10 + ++events_);
    one.event_type = type;
    one.source = "account";
    one.subject = subject;
    one.occurred_at = from_ms(1'700'000'000'000);
    return one;
  }
  Result<bool> assign(const char* user, const char* role) {
    return wait_for(store().assign(Call{}, user, role, event("role.assigned.v1", user)));
  }
  Result<bool> remove(const char* user, const char* role) {
    return wait_for(store().remove(Call{}, user, role, event("role.removed.v1", user)));
  }
  Done put(const char* name, std::vector<std::string> permissions) {
    return wait_for(store().put_role(Call{}, Role{name, std::move(permissions)}, from_ms(1'700'000'000'000)));
  }
  Done set_active(const char* user, bool is_active) {
    return wait_for(store().set_active(Call{}, user, is_active, from_ms(1'700'000'000'000)));
  }
  std::vector<Role> roles_of(const char* user) { return wait_for(store().load_roles_of(Call{}, user)).value(); }
  Done create_profile(const char* claim, const char* user, std::int64_t joined_at_ms) {
    const Profile profile{user, from_ms(joined_at_ms), 1};
    return wait_for(store().create_profile(Call{}, claim, profile, event("account.updated.v1", user)));
  }
  std::optional<Profile> profile_of(const char* user) { return wait_for(store().load_profile(Call{}, user)).value(); }

 private:
  Shard shard_{0};
  MakeStore made_;
  int events_ = 0;
};

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, assigns_once_and_says_so_once) {
  EXPECT_TRUE(this->assign(this->alice, "admin").value());
  EXPECT_FALSE(this->assign(this->alice, "admin").value());
  ASSERT_EQ(this->roles_of(this->alice).size(), 1U);
  EXPECT_EQ(this->roles_of(this->alice)[0].name, "admin");
  EXPECT_TRUE(this->roles_of(this->bob).empty());
  EXPECT_EQ(this->said(), std::vector<std::string>{"role.assigned.v1"});
}

TYPED_TEST_P(StoreContract, assigns_only_roles_that_there_are) {
  EXPECT_EQ(this->assign(this->alice, "support").error().reason, "role_not_found");
  ASSERT_TRUE(this->put("support", {"users:read"}));
  EXPECT_TRUE(this->assign(this->alice, "support").value());
  EXPECT_EQ(this->roles_of(this->alice)[0].permissions, std::vector<std::string>{"users:read"});
}

TYPED_TEST_P(StoreContract, S96_the_last_admin_stays) {
  ASSERT_TRUE(this->assign(this->alice, "admin"));
  EXPECT_EQ(this->remove(this->alice, "admin").error().reason, "last_admin");
  EXPECT_EQ(this->roles_of(this->alice).size(), 1U) << "a refused removal removes nothing";
  ASSERT_TRUE(this->assign(this->bob, "admin"));
  EXPECT_TRUE(this->remove(this->alice, "admin").value());
  EXPECT_EQ(this->remove(this->bob, "admin").error().reason, "last_admin");
}

TYPED_TEST_P(StoreContract, S96_an_admin_who_may_not_act_is_none_of_the_last) {
  ASSERT_TRUE(this->assign(this->alice, "admin"));
  ASSERT_TRUE(this->assign(this->bob, "admin"));
  ASSERT_TRUE(this->set_active(this->bob, false));
  EXPECT_EQ(this->remove(this->alice, "admin").error().reason, "last_admin");
  EXPECT_EQ(this->set_active(this->alice, false).error().reason, "last_admin");
  EXPECT_TRUE(this->set_active(this->bob, false)) << "twice is once";
  ASSERT_TRUE(this->set_active(this->bob, true));
  EXPECT_TRUE(this->set_active(this->alice, false));
  EXPECT_EQ(this->remove(this->bob, "admin").error().reason, "last_admin");
  EXPECT_TRUE(this->remove(this->alice, "admin").value());
}

TYPED_TEST_P(StoreContract, lists_admins_who_were_marked_inactive_before_a_moment) {
  const auto listed = [this](std::int64_t at_ms) {
    return this->wait_for(this->store().list_inactive_admins(Call{}, from_ms(at_ms))).value();
  };
  ASSERT_TRUE(this->assign(this->alice, "admin"));
  ASSERT_TRUE(this->assign(this->bob, "admin"));
  ASSERT_TRUE(this->set_active(this->bob, false));
  ASSERT_TRUE(this->set_active("018bcfe5-687b-7000-8000-00000000000c", false)) << "no admin";
  EXPECT_EQ(listed(1'700'000'000'001), std::vector<std::string>{this->bob});
  EXPECT_TRUE(listed(1'700'000'000'000).empty());
  ASSERT_TRUE(this->set_active(this->bob, true));
  EXPECT_TRUE(listed(1'700'000'000'001).empty());
}

TYPED_TEST_P(StoreContract, removes_once_and_says_so_once) {
  ASSERT_TRUE(this->put("support", {}));
  ASSERT_TRUE(this->assign(this->alice, "support"));
  EXPECT_TRUE(this->remove(this->alice, "support").value());
  EXPECT_FALSE(this->remove(this->alice, "support").value());
  EXPECT_FALSE(this->remove(this->alice, "admin").value()) << "whoever is no admin is not the last one";
  EXPECT_EQ(this->said(), (std::vector<std::string>{"role.assigned.v1", "role.removed.v1"}));
}

TYPED_TEST_P(StoreContract, a_role_put_again_has_only_its_new_permissions) {
  ASSERT_TRUE(this->put("support", {"sessions:read", "users:read"}));
  ASSERT_TRUE(this->put("auditor", {}));
  ASSERT_TRUE(this->put("support", {"users:write"}));
  const auto roles = this->wait_for(this->store().list_custom_roles(Call{})).value();
  ASSERT_EQ(roles.size(), 2U);
  EXPECT_EQ(roles[0], (Role{"auditor", {}}));
  EXPECT_EQ(roles[1], (Role{"support", {"users:write"}}));
}

TYPED_TEST_P(StoreContract, deletes_a_role_that_nobody_has) {
  ASSERT_TRUE(this->put("support", {"users:read"}));
  ASSERT_TRUE(this->assign(this->alice, "support"));
  EXPECT_EQ(this->wait_for(this->store().delete_role(Call{}, "support")).error().reason, "role_in_use");
  ASSERT_TRUE(this->remove(this->alice, "support"));
  EXPECT_TRUE(this->wait_for(this->store().delete_role(Call{}, "support")));
  EXPECT_EQ(this->wait_for(this->store().delete_role(Call{}, "support")).error().reason, "role_not_found");
}

TYPED_TEST_P(StoreContract, an_event_heard_twice_has_one_effect) {
  ASSERT_TRUE(this->create_profile("heard-1", this->alice, 1000));
  ASSERT_TRUE(this->create_profile("heard-1", this->alice, 2000));
  ASSERT_TRUE(this->create_profile("heard-2", this->alice, 3000));
  ASSERT_TRUE(this->profile_of(this->alice));
  EXPECT_EQ(this->profile_of(this->alice)->joined_at, from_ms(1000));
  EXPECT_EQ(this->said(), std::vector<std::string>{"account.updated.v1"});
}

TYPED_TEST_P(StoreContract, forgets_a_user_with_roles_even_the_last_admin) {
  ASSERT_TRUE(this->create_profile("heard-1", this->alice, 1000));
  ASSERT_TRUE(this->assign(this->alice, "admin"));
  ASSERT_TRUE(this->wait_for(this->store().forget_user(Call{}, "heard-2", this->alice)));
  EXPECT_FALSE(this->profile_of(this->alice));
  EXPECT_TRUE(this->roles_of(this->alice).empty());
}

TYPED_TEST_P(StoreContract, a_forgotten_user_is_given_no_role) {
  ASSERT_TRUE(this->wait_for(this->store().forget_user(Call{}, "heard-1", this->alice)));
  EXPECT_EQ(this->assign(this->alice, "admin").error().reason, "user_not_found");
  EXPECT_TRUE(this->roles_of(this->alice).empty());
}

TYPED_TEST_P(StoreContract, what_was_heard_before_is_not_done_again) {
  ASSERT_TRUE(this->create_profile("heard-1", this->alice, 1000));
  ASSERT_TRUE(this->wait_for(this->store().forget_user(Call{}, "heard-1", this->alice)));
  EXPECT_TRUE(this->profile_of(this->alice));
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, assigns_once_and_says_so_once, assigns_only_roles_that_there_are,
                            S96_the_last_admin_stays, S96_an_admin_who_may_not_act_is_none_of_the_last,
                            lists_admins_who_were_marked_inactive_before_a_moment, removes_once_and_says_so_once,
                            a_role_put_again_has_only_its_new_permissions, deletes_a_role_that_nobody_has,
                            an_event_heard_twice_has_one_effect, forgets_a_user_with_roles_even_the_last_admin,
                            a_forgotten_user_is_given_no_role, what_was_heard_before_is_not_done_again);

}  // namespace gatehouse::account
