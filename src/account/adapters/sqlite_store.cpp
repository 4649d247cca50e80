#include "account/adapters/sqlite_store.h"

#include "account/service.h"
#include "drivers/sqlite/inbox.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::account {
namespace {

using sqlite::Connection;

// Rows of (role, permission or NULL), ordered by role → roles.
Result<std::vector<Role>> collect_roles(sqlite::Statement rows) {
  std::vector<Role> roles;
  for (;;) {
    const auto has_row = rows.step();
    if (!has_row) return pass(has_row);
    if (!*has_row) return roles;
    auto name = rows.text(0);
    if (roles.empty() || roles.back().name != name) roles.push_back({std::move(name), {}});
    if (!rows.is_null(1)) roles.back().permissions.push_back(rows.text(1));
  }
}

Result<std::vector<Role>> roles_of(Connection& connection, const std::string& user_id) {
  auto rows = connection.query(
      "SELECT a.role, p.permission FROM assignments a LEFT JOIN role_permissions p ON p.role = a.role "
      "WHERE a.user_id = ? ORDER BY a.role, p.permission",
      user_id);
  if (!rows) return pass(rows);
  return collect_roles(std::move(*rows));
}

Result<std::vector<Role>> custom_roles(Connection& connection) {
  auto rows = connection.query(
      "SELECT r.name, p.permission FROM roles r LEFT JOIN role_permissions p ON p.role = r.name "
      "ORDER BY r.name, p.permission");
  if (!rows) return pass(rows);
  return collect_roles(std::move(*rows));
}

Result<std::optional<Profile>> profile_of(Connection& connection, const std::string& user_id) {
  auto row = connection.query("SELECT joined_at_ms, version FROM profiles WHERE user_id = ?", user_id);
  if (!row) return pass(row);
  const auto has_row = row->step();
  if (!has_row) return pass(has_row);
  if (!*has_row) return std::optional<Profile>();
  return std::optional<Profile>(Profile{user_id, from_ms(row->integer(0)), row->integer(1)});
}

Result<std::int64_t> count(Connection& connection, const char* sql, const std::string& role) {
  auto row = connection.query(sql, role);
  if (!row) return pass(row);
  const auto has_row = row->step();
  if (!has_row) return pass(has_row);
  return row->integer(0);
}

Done replace_role(Connection& connection, const Role& role, WallTime now) {
  const auto put = connection.execute(
      "INSERT INTO roles (name, changed_at_ms) VALUES (?, ?) "
      "ON CONFLICT (name) DO UPDATE SET changed_at_ms = excluded.changed_at_ms",
      role.name, to_ms(now));
  if (!put) return pass(put);
  const auto cleared = connection.execute("DELETE FROM role_permissions WHERE role = ?", role.name);
  if (!cleared) return pass(cleared);
  for (const auto& permission : role.permissions) {
    const auto added =
        connection.execute("INSERT INTO role_permissions (role, permission) VALUES (?, ?)", role.name, permission);
    if (!added) return pass(added);
  }
  return {};
}

Done drop_role(Connection& connection, const std::string& name) {
  const auto holders = count(connection, "SELECT count(*) FROM assignments WHERE role = ?", name);
  if (!holders) return pass(holders);
  if (*holders > 0)
    return fail(Code::failed_precondition, "role_in_use", "Somebody has this role. Remove it from them first.");
  const auto cleared = connection.execute("DELETE FROM role_permissions WHERE role = ?", name);
  if (!cleared) return pass(cleared);
  const auto dropped = connection.execute("DELETE FROM roles WHERE name = ?", name);
  if (!dropped) return pass(dropped);
  if (*dropped == 0) return not_found("role_not_found", "There is no role of this name.");
  return {};
}

Result<bool> assign_in(Connection& connection, const std::string& user_id, const std::string& role,
                       const events::Event& event) {
  if (!find_built_in(role)) {
    const auto known = count(connection, "SELECT count(*) FROM roles WHERE name = ?", role);
    if (!known) return pass(known);
    if (*known == 0) return not_found("role_not_found", "There is no role of this name.");
  }
  const auto erased = count(connection, "SELECT count(*) FROM erased_users WHERE user_id = ?", user_id);
  if (!erased) return pass(erased);
  if (*erased > 0) return not_found("user_not_found", "There is no such user.");
  const auto added = connection.execute(
      "INSERT INTO assignments (user_id, role, assigned_at_ms) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", user_id, role,
      to_ms(event.occurred_at));
  if (!added) return pass(added);
  if (*added == 0) return false;
  const auto said = sqlite::append_event(connection, event);
  if (!said) return pass(said);
  return true;
}

Done need_an_admin(Connection& connection) {
  const auto left = count(connection,
                          "SELECT count(*) FROM assignments WHERE role = ? "
                          "AND user_id NOT IN (SELECT user_id FROM inactive_users)",
                          std::string(admin_role));
  if (!left) return pass(left);
  if (*left > 0) return {};
  return fail(Code::failed_precondition, "last_admin", "This is the last admin. Make somebody else admin first.");
}

// The count of admins and the removal are one transaction on the one writer: two that remove each other at the
// same time cannot both succeed.
Result<bool> remove_in(Connection& connection, const std::string& user_id, const std::string& role,
                       const events::Event& event) {
  const auto removed =
      connection.execute("DELETE FROM assignments WHERE user_id = ? AND role = ?", user_id, role);
  if (!removed) return pass(removed);
  if (*removed == 0) return false;
  const auto has_admin = role == admin_role ? need_an_admin(connection) : Done{};
  if (!has_admin) return pass(has_admin);
  const auto said = sqlite::append_event(connection, event);
  if (!said) return pass(said);
  return true;
}

Done set_active_in(Connection& connection, const std::string& user_id, bool is_active, WallTime now) {
  const auto changed =
      is_active ? connection.execute("DELETE FROM inactive_users WHERE user_id = ?", user_id)
                : connection.execute("INSERT INTO inactive_users (user_id, marked_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
                                     user_id, to_ms(now));
  if (!changed) return pass(changed);
  if (is_active || *changed == 0) return {};
  const auto is_admin =
      count(connection, "SELECT count(*) FROM assignments WHERE role = 'admin' AND user_id = ?", user_id);
  if (!is_admin) return pass(is_admin);
  return *is_admin == 0 ? Done{} : need_an_admin(connection);
}

Result<std::vector<std::string>> inactive_admins(Connection& connection, WallTime marked_before) {
  auto row = connection.query("SELECT user_id FROM inactive_users JOIN assignments USING (user_id)"
                              " WHERE role = ? AND marked_at_ms < ?",
                              std::string(admin_role), to_ms(marked_before));
  if (!row) return pass(row);
  std::vector<std::string> found;
  auto has = row->step();
  for (; has && *has; has = row->step()) found.push_back(row->text(0));
  if (!has) return pass(has);
  return found;
}

Done create_profile_in(Connection& connection, const std::string& claim, const Profile& profile,
                       const events::Event& event) {
  const auto is_new = sqlite::claim_event(connection, profile_consumer, claim);
  if (!is_new) return pass(is_new);
  if (!*is_new) return {};
  const auto added = connection.execute(
      "INSERT INTO profiles (user_id, joined_at_ms, version) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      profile.user_id, to_ms(profile.joined_at), profile.version);
  if (!added) return pass(added);
  if (*added == 0) return {};
  return sqlite::append_event(connection, event);
}

Done forget_user_in(Connection& connection, const std::string& claim, const std::string& user_id) {
  const auto is_new = sqlite::claim_event(connection, profile_consumer, claim);
  if (!is_new) return pass(is_new);
  if (!*is_new) return {};
  connection.mark_erasure();
  const auto profile = connection.execute("DELETE FROM profiles WHERE user_id = ?", user_id);
  if (!profile) return pass(profile);
  const auto roles = connection.execute("DELETE FROM assignments WHERE user_id = ?", user_id);
  if (!roles) return pass(roles);
  const auto mark = connection.execute("DELETE FROM inactive_users WHERE user_id = ?", user_id);
  if (!mark) return pass(mark);
  const auto erased =
      connection.execute("INSERT INTO erased_users (user_id) VALUES (?) ON CONFLICT DO NOTHING", user_id);
  if (!erased) return pass(erased);
  return {};
}

}  // namespace

Task<std::vector<Role>> SqliteStore::load_roles_of(Call call, std::string user_id) {
  auto work = [user_id = std::move(user_id)](Connection& connection) { return roles_of(connection, user_id); };
  co_return co_await database_.read<std::vector<Role>>(call, std::move(work));
}

Task<std::optional<Profile>> SqliteStore::load_profile(Call call, std::string user_id) {
  auto work = [user_id = std::move(user_id)](Connection& connection) { return profile_of(connection, user_id); };
  co_return co_await database_.read<std::optional<Profile>>(call, std::move(work));
}

Task<std::vector<Role>> SqliteStore::list_custom_roles(Call call) {
  auto work = [](Connection& connection) { return custom_roles(connection); };
  co_return co_await database_.read<std::vector<Role>>(call, std::move(work));
}

Task<void> SqliteStore::put_role(Call call, Role role, WallTime now) {
  auto work = [role = std::move(role), now](Connection& connection) { return replace_role(connection, role, now); };
  co_return co_await database_.write<void>(call, std::move(work));
}

Task<void> SqliteStore::delete_role(Call call, std::string name) {
  auto work = [name = std::move(name)](Connection& connection) { return drop_role(connection, name); };
  co_return co_await database_.write<void>(call, std::move(work));
}

Task<bool> SqliteStore::assign(Call call, std::string user_id, std::string role, events::Event event) {
  auto work = [user_id = std::move(user_id), role = std::move(role), event = std::move(event)](Connection& connection) {
    return assign_in(connection, user_id, role, event);
  };
  co_return co_await database_.write<bool>(call, std::move(work));
}

Task<bool> SqliteStore::remove(Call call, std::string user_id, std::string role, events::Event event) {
  auto work = [user_id = std::move(user_id), role = std::move(role), event = std::move(event)](Connection& connection) {
    return remove_in(connection, user_id, role, event);
  };
  co_return co_await database_.write<bool>(call, std::move(work));
}

Task<void> SqliteStore::set_active(Call call, std::string user_id, bool is_active, WallTime now) {
  auto work = [user_id = std::move(user_id), is_active, now](Connection& connection) {
    return set_active_in(connection, user_id, is_active, now);
  };
  co_return co_await database_.write<void>(call, std::move(work));
}

Task<std::vector<std::string>> SqliteStore::list_inactive_admins(Call call, WallTime marked_before) {
  auto work = [marked_before](Connection& connection) { return inactive_admins(connection, marked_before); };
  co_return co_await database_.read<std::vector<std::string>>(call, std::move(work));
}

Task<void> SqliteStore::create_profile(Call call, std::string claim, Profile profile, events::Event event) {
  auto work = [claim = std::move(claim), profile = std::move(profile), event = std::move(event)](Connection& connection) {
    return create_profile_in(connection, claim, profile, event);
  };
  co_return co_await database_.write<void>(call, std::move(work));
}

Task<void> SqliteStore::forget_user(Call call, std::string claim, std::string user_id) {
  auto work = [claim = std::move(claim), user_id = std::move(user_id)](Connection& connection) {
    return forget_user_in(connection, claim, user_id);
  };
  co_return co_await database_.write<void>(call, std::move(work));
}

}  // namespace gatehouse::account
