// What each command does. Rows of the table in command_line.cpp.
#pragma once

#include "app/command_line.h"

namespace gatehouse::app {

// serve_command.cpp
Exit run_serve(const Arguments& arguments);
Exit run_migrate(const Arguments& arguments);
// config_commands.cpp
Exit run_config_check(const Arguments& arguments);
Exit run_config_print(const Arguments& arguments);
Exit run_config_docs(const Arguments& arguments);
// operator_commands.cpp
Exit run_keys_list(const Arguments& arguments);
Exit run_keys_rotate(const Arguments& arguments);
Exit run_user_create(const Arguments& arguments);
Exit run_user_show(const Arguments& arguments);
Exit run_user_disable(const Arguments& arguments);
Exit run_user_enable(const Arguments& arguments);
Exit run_role_list(const Arguments& arguments);
Exit run_role_put(const Arguments& arguments);
Exit run_role_delete(const Arguments& arguments);
Exit run_role_assign(const Arguments& arguments);
Exit run_role_remove(const Arguments& arguments);
Exit run_events_dead_list(const Arguments& arguments);
Exit run_events_dead_replay(const Arguments& arguments);
Exit run_backup(const Arguments& arguments);
// client_commands.cpp
Exit run_login(const Arguments& arguments);
Exit run_whoami(const Arguments& arguments);
Exit run_sessions(const Arguments& arguments);
Exit run_logout(const Arguments& arguments);

}  // namespace gatehouse::app
