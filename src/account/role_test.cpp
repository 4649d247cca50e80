#include "account/role.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gatehouse::account {
namespace {

TEST(Role, is_put_in_order_and_freed_of_repetitions) {
  const auto role = checked_role({"support", {"users:read", "sessions:read", "users:read"}, true});
  ASSERT_TRUE(role);
  EXPECT_EQ(role->permissions, (std::vector<std::string>{"sessions:read", "users:read"}));
  EXPECT_FALSE(role->is_built_in) << "nobody makes a built-in role by asking for one";
}

TEST(Role, names_and_permissions_outside_the_grammar_are_refused_with_their_field) {
  for (const auto* name : {"", "Admin", "9lives", "a b", "a.b", "-a", "ädmin"}) {
    const auto role = checked_role({name, {}});
    ASSERT_FALSE(role) << name;
    EXPECT_EQ(role.error().fields.at(0).field, "name") << name;
  }
  EXPECT_FALSE(checked_role({std::string(65, 'a'), {}}));
  EXPECT_TRUE(checked_role({std::string(64, 'a'), {}}));
  for (const auto* permission : {"", "users", "users:", ":read", "users:*", "*", "users:read:all", "Users:read"}) {
    const auto role = checked_role({"support", {permission}});
    ASSERT_FALSE(role) << permission;
    EXPECT_EQ(role.error().fields.at(0).field, "permissions") << permission;
    EXPECT_NE(role.error().message.find("no wildcards; \"" + std::string(permission) + "\" is none"), std::string::npos)
        << role.error().message;
  }
}

TEST(Role, built_in_ones_cannot_be_replaced) {
  for (const auto* name : {"admin", "user"}) {
    const auto role = checked_role({name, {"users:read"}});
    ASSERT_FALSE(role);
    EXPECT_EQ(role.error().reason, "role_built_in");
  }
}

TEST(Grants, of_nobody_in_particular_are_those_of_user) {
  const auto grants = add_up({});
  EXPECT_EQ(grants.roles, std::vector<std::string>{"user"});
  EXPECT_TRUE(grants.permissions.empty());
}

TEST(Grants, are_the_union_over_all_roles_in_order) {
  const Role assigned[] = {{"writer", {"users:write", "users:read"}}, {"auditor", {"audit:read", "users:read"}}};
  const auto grants = add_up(assigned);
  EXPECT_EQ(grants.roles, (std::vector<std::string>{"auditor", "writer"}));
  EXPECT_EQ(grants.permissions, (std::vector<std::string>{"audit:read", "users:read", "users:write"}));
}

TEST(Grants, of_a_built_in_role_come_from_the_code_whatever_the_store_says) {
  const Role assigned[] = {{"user", {"users:write"}}};
  EXPECT_TRUE(add_up(assigned).permissions.empty());
  const Role admin[] = {{"admin", {}}};
  const auto permissions = add_up(admin).permissions;
  for (const auto* permission : {"users:read", "users:write", "roles:write", "sessions:write"})
    EXPECT_TRUE(std::ranges::binary_search(permissions, permission)) << permission;
}

}  // namespace
}  // namespace gatehouse::account
