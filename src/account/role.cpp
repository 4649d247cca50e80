#include "account/role.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatehouse::account {
namespace {

constexpr std::size_t name_chars_max = 64;
constexpr std::size_t permission_chars_max = 128;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_name_rest(char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; }

bool is_name(std::string_view text, std::size_t chars_max) {
  return !text.empty() && text.size() <= chars_max && is_lower(text.front()) &&
         std::ranges::all_of(text, is_name_rest);
}

// "resource:action", each a name. There are no wildcards: what a role may do can be read off it.
bool is_permission(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.size() > permission_chars_max) return false;
  return is_name(text.substr(0, colon), name_chars_max) && is_name(text.substr(colon + 1), name_chars_max);
}

void sort_unique(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

std::span<const Role> built_in_roles() {
  static const Role roles[] = {
      {std::string(admin_role),
       {"events:write", "keys:write", "roles:read", "roles:write", "sessions:read", "sessions:write", "users:read",
        "users:write"},
       true},
      {std::string(default_role), {}, true},
  };
  return roles;
}

const Role* find_built_in(std::string_view name) {
  for (const auto& role : built_in_roles())
    if (role.name == name) return &role;
  return nullptr;
}

Result<Role> checked_role(Role asked) {
  if (find_built_in(asked.name))
    return fail(Code::failed_precondition, "role_built_in", "This role is built in and cannot be changed.");
  if (!is_name(asked.name, name_chars_max))
    return invalid_field("name", "role_name_invalid",
                         "A role's name begins with a letter and has up to 64 of a-z, 0-9, _ and -.");
  sort_unique(asked.permissions);
  if (asked.permissions.size() > permissions_per_role_max)
    return invalid_field("permissions", "too_many_permissions", "A role has at most 100 permissions.");
  for (const auto& permission : asked.permissions)
    if (!is_permission(permission))
      return invalid_field("permissions", "permission_invalid",
                           fmt::format("A permission is written resource:action, each beginning with a letter and of a-z, 0-9, _ and "
                                       "-, with no wildcards; \"{}\" is none.",
                                       permission));
  asked.is_built_in = false;
  return asked;
}

Grants add_up(std::span<const Role> assigned) {
  Grants grants;
  const auto add = [&grants](const Role& role) {
    const auto* built_in = find_built_in(role.name);
    const auto& permissions = built_in ? built_in->permissions : role.permissions;
    grants.roles.push_back(role.name);
    grants.permissions.insert(grants.permissions.end(), permissions.begin(), permissions.end());
  };
  for (const auto& role : assigned) add(role);
  if (assigned.empty()) add(*find_built_in(default_role));
  sort_unique(grants.roles);
  sort_unique(grants.permissions);
  return grants;
}

}  // namespace gatehouse::account
