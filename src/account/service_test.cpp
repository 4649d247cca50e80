#include "account/service.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "account/memory_store.h"
#include "account/profile_consumer.h"
#include "base/limits.h"

namespace gatehouse::account {
namespace {

constexpr const char* alice = "018bcfe5-687b-7000-8000-00000000000a";
constexpr const char* bob = "018bcfe5-687b-7000-8000-00000000000b";

class AccountService : public testing::Test {
 protected:
  AccountService() {
    auto owned = std::make_unique<MemoryStore>();
    store = owned.get();
    service = std::make_unique<Service>(std::move(owned), changes, clock, random);
    changes.subscribe(shard, [this](const PermissionsChanged& notice) {
      heard.push_back(notice.user_id);
      service->forget(notice);
    });
    shard.start();
  }
  ~AccountService() override { shard.stop(); }

  template <class T>
  Result<T> wait_for(Task<T> task) {
    return asio::co_spawn(shard.executor(), std::move(task), asio::use_future).get();
  }
  Result<v1::Permissions> permissions_of(const char* user) {
    v1::GetPermissionsRequest request;
    request.set_user_id(user);
    return wait_for(service->get_permissions(Call{}, std::move(request)));
  }
  Result<v1::Permissions> assign(const char* user, const char* role) {
    v1::AssignRoleRequest request;
    request.set_user_id(user);
    request.set_role(role);
    return wait_for(service->assign_role(Call{}, std::move(request)));
  }
  Result<v1::Permissions> remove(const char* user, const char* role) {
    v1::RemoveRoleRequest request;
    request.set_user_id(user);
    request.set_role(role);
    return wait_for(service->remove_role(Call{}, std::move(request)));
  }
  Result<v1::Role> put(const char* name, const char* permission) {
    v1::PutRoleRequest request;
    request.mutable_role()->set_name(name);
    request.mutable_role()->add_permissions(permission);
    return wait_for(service->put_role(Call{}, std::move(request)));
  }

  ManualClock clock;
  SeededRandom random{1};
  Shard shard{0};
  Bus<PermissionsChanged> changes;
  MemoryStore* store = nullptr;
  std::unique_ptr<Service> service;
  std::vector<std::string> heard;
};

TEST_F(AccountService, answers_the_default_role_for_a_user_without_assignments) {
  const auto permissions = permissions_of(alice);
  ASSERT_TRUE(permissions);
  ASSERT_EQ(permissions->roles_size(), 1);
  EXPECT_EQ(permissions->roles(0), "user");
  EXPECT_EQ(permissions->permissions_size(), 0);
}

TEST_F(AccountService, refuses_what_is_not_a_user_id) {
  EXPECT_EQ(permissions_of("../etc").error().reason, "user_id_invalid");
  EXPECT_EQ(assign("", "admin").error().reason, "user_id_invalid");
}

TEST_F(AccountService, asks_the_store_once_until_something_changes) {
  ASSERT_TRUE(permissions_of(alice));
  ASSERT_TRUE(permissions_of(alice));
  EXPECT_EQ(store->loads, 1);
  ASSERT_TRUE(assign(alice, "admin"));
  const auto permissions = permissions_of(alice);
  EXPECT_EQ(permissions->roles(0), "admin");
  EXPECT_GT(permissions->permissions_size(), 0);
  EXPECT_EQ(store->loads, 2);
}

TEST_F(AccountService, says_role_assigned_once_however_often_it_is_asked) {
  ASSERT_TRUE(assign(alice, "admin"));
  ASSERT_TRUE(assign(alice, "admin"));
  ASSERT_EQ(store->said.size(), 1U);
  EXPECT_EQ(store->said[0].event_type, "role.assigned.v1");
  EXPECT_EQ(store->said[0].subject, alice);
  EXPECT_EQ(store->said[0].data, R"({"role":"admin"})");
  ASSERT_TRUE(assign(bob, "admin"));
  ASSERT_TRUE(remove(alice, "admin"));
  EXPECT_EQ(store->said.back().event_type, "role.removed.v1");
}

TEST_F(AccountService, S96_keeps_the_last_admin) {
  ASSERT_TRUE(assign(alice, "admin"));
  const auto removed = remove(alice, "admin");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().reason, "last_admin");
  EXPECT_EQ(permissions_of(alice)->roles(0), "admin");
  ASSERT_TRUE(assign(bob, "admin"));
  EXPECT_TRUE(remove(alice, "admin"));
  EXPECT_EQ(permissions_of(alice)->roles(0), "user");
}

TEST_F(AccountService, S96_a_changed_role_takes_effect_for_everybody_at_once) {
  ASSERT_TRUE(put("support", "users:read"));
  ASSERT_TRUE(assign(alice, "support"));
  EXPECT_EQ(permissions_of(alice)->permissions(0), "users:read");
  ASSERT_TRUE(put("support", "audit:read"));
  EXPECT_EQ(permissions_of(alice)->permissions(0), "audit:read");
  EXPECT_EQ(heard, (std::vector<std::string>{"", alice, ""}));
}

TEST_F(AccountService, S96_what_no_shard_was_told_of_is_known_in_half_a_minute) {
  ASSERT_TRUE(assign(alice, "admin"));
  ASSERT_TRUE(assign(bob, "admin"));
  ASSERT_EQ(permissions_of(alice)->roles(0), "admin");
  ASSERT_TRUE(wait_for(store->remove(Call{}, alice, "admin", events::Event{})));
  EXPECT_EQ(permissions_of(alice)->roles(0), "admin");
  clock.advance(Milliseconds{limits::permissions_cached_ms});
  EXPECT_EQ(permissions_of(alice)->roles(0), "user");
}

TEST_F(AccountService, deletes_a_role_only_when_nobody_has_it) {
  ASSERT_TRUE(put("support", "users:read"));
  ASSERT_TRUE(assign(alice, "support"));
  v1::DeleteRoleRequest request;
  request.set_name("support");
  EXPECT_EQ(wait_for(service->delete_role(Call{}, request)).error().reason, "role_in_use");
  ASSERT_TRUE(remove(alice, "support"));
  EXPECT_TRUE(wait_for(service->delete_role(Call{}, request)));
  EXPECT_EQ(wait_for(service->delete_role(Call{}, request)).error().reason, "role_not_found");
  request.set_name("admin");
  EXPECT_EQ(wait_for(service->delete_role(Call{}, request)).error().reason, "role_built_in");
}

TEST_F(AccountService, lists_built_in_roles_before_custom_ones) {
  ASSERT_TRUE(put("aardvark", "users:read"));
  const auto roles = wait_for(service->list_roles(Call{}, v1::ListRolesRequest()));
  ASSERT_TRUE(roles);
  ASSERT_EQ(roles->roles_size(), 3);
  EXPECT_EQ(roles->roles(0).name(), "admin");
  EXPECT_TRUE(roles->roles(1).built_in());
  EXPECT_EQ(roles->roles(2).name(), "aardvark");
}

class HeardByProfileConsumer : public AccountService {
 protected:
  HeardByProfileConsumer() {
    auto owned = std::make_unique<MemoryStore>();
    profiles = owned.get();
    consumer = std::make_unique<ProfileConsumer>(std::move(owned), changes, clock, random);
  }
  Done hear(const char* id, const char* type) {
    events::Event event;
    event.event_id = id;
    event.event_type = type;
    event.subject = alice;
    event.occurred_at = clock.wall();
    event.key_id = alice;
    event.data = "\"sealed\"";
    return wait_for(consumer->handle(Call{}, std::move(event)));
  }
  std::optional<Profile> profile() { return wait_for(profiles->load_profile(Call{}, alice)).value(); }

  MemoryStore* profiles = nullptr;
  std::unique_ptr<ProfileConsumer> consumer;
};

TEST_F(HeardByProfileConsumer, user_created_makes_a_profile_once) {
  ASSERT_TRUE(hear("e1", "user.created.v1"));
  ASSERT_TRUE(profile());
  EXPECT_EQ(profile()->joined_at, clock.wall());
  clock.advance(Milliseconds{5000});
  ASSERT_TRUE(hear("e1", "user.created.v1"));
  EXPECT_NE(profile()->joined_at, clock.wall());
  ASSERT_EQ(profiles->said.size(), 1U);
  EXPECT_EQ(profiles->said[0].event_type, "account.updated.v1");
}

TEST_F(HeardByProfileConsumer, user_deleted_takes_profile_and_roles_and_tells_every_shard) {
  ASSERT_TRUE(hear("e1", "user.created.v1"));
  ASSERT_TRUE(wait_for(profiles->assign(Call{}, alice, "admin", events::Event{})));
  ASSERT_TRUE(hear("e2", "user.deleted.v1"));
  EXPECT_FALSE(profile());
  EXPECT_TRUE(wait_for(profiles->load_roles_of(Call{}, alice))->empty());
  EXPECT_EQ(heard, std::vector<std::string>{alice});
}

TEST_F(HeardByProfileConsumer, other_events_are_none_of_its_business) {
  EXPECT_TRUE(hear("e1", "user.updated.v1"));
  EXPECT_TRUE(hear("e2", "something.new.v7"));
  EXPECT_FALSE(profile());
}

}  // namespace
}  // namespace gatehouse::account
