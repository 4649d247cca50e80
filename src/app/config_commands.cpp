// gatehouse config check|print|docs
#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/service_key.h"
#include "app/settings.h"
#include "crypto/master_key.h"

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
  const auto& storage = loaded->config.storage;
  const auto& internal = loaded->config.internal;
  const auto master_key = storage.master_key_file.empty() ? Done{} : crypto::MasterKey::check(storage.master_key_file);
  if (!master_key) return report(master_key.error());
  const auto service_key =
      internal.service_auth_key_file.empty() ? Done{} : check_service_key(internal.service_auth_key_file);
  if (!service_key) return report(service_key.error());
  std::printf("The configuration is good: %zu keys, %zu of them set.\n", config::schema().size(),
              loaded->sources.size());
  say_if_made(storage.master_key_file);
  say_if_made(internal.service_auth_key_file);
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
