// Roles and permissions as values, and the rules about them. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gatehouse::account {

inline constexpr std::string_view default_role = "user";  // what everybody without an assignment has
inline constexpr std::string_view admin_role = "admin";   // at least one user keeps it once one has it
inline constexpr std::size_t permissions_per_role_max = 100;

// A named set of permissions. Permissions are "resource:action", sorted, without repetition.
struct Role {
  std::string name;
  std::vector<std::string> permissions;
  bool is_built_in = false;
  bool operator==(const Role&) const = default;
};

// The roles that are always there and cannot be changed: `admin` and `user`, by name.
[[nodiscard]] std::span<const Role> built_in_roles();
[[nodiscard]] const Role* find_built_in(std::string_view name);

// A role as somebody asked for it → one that may be stored: name checked, permissions checked and in order.
// INVALID_ARGUMENT with fields; FAILED_PRECONDITION role_built_in.
[[nodiscard]] Result<Role> checked_role(Role asked);

// What holding these roles adds up to.
struct Grants {
  std::vector<std::string> roles;        // sorted
  std::vector<std::string> permissions;  // sorted, the union
};
// `assigned` holds custom roles with their permissions, and built-in ones by name alone.
[[nodiscard]] Grants add_up(std::span<const Role> assigned);

}  // namespace gatehouse::account
