// gatehouse config check|print|docs
#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/settings.h"

namespace gatehouse::app {
namespace {

void say_if_made(const std::string& key_file) {
  std::error_code error;
  if (!key_file.empty() && !std::filesystem::exists(key_file, error))
    std::printf("There is no %s yet: the first start makes it.\n", key_file.c_str());
}

}  // namespace

Exit run_config_check(const Arguments& arguments) {
  const auto loaded = load_settings(arguments);
  if (!loaded) return report(loaded.error());
  std::printf("The configuration is good: %zu keys, %zu of them set.\n", config::schema().size(),
              loaded->sources.size());
  say_if_made(loaded->config.storage.master_key_file);
  say_if_made(loaded->config.internal.service_auth_key_file);
  return Exit::done;
}

Exit run_config_print(const Arguments& arguments) {
  const auto loaded = load_settings(arguments);
  if (!loaded) return report(loaded.error());
  std::fputs(config::print(*loaded).c_str(), stdout);
  return Exit::done;
}

Exit run_config_docs(const Arguments&) {
  std::fputs(config::guide().c_str(), stdout);
  return Exit::done;
}

}  // namespace gatehouse::app
