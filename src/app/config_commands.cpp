// gatehouse config check|print|docs
#include <cstdio>

#include "app/commands.h"
#include "app/settings.h"

namespace gatehouse::app {

Exit run_config_check(const Arguments& arguments) {
  const auto loaded = load_settings(arguments);
  if (!loaded) return report(loaded.error());
  std::printf("The configuration is good: %zu keys, %zu of them set.\n", config::schema().size(),
              loaded->sources.size());
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
