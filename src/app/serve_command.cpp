// gatehouse serve|migrate
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/notify.h"
#include "app/process.h"
#include "app/settings.h"
#include "app/signals.h"
#include "app/version.h"
#include "app/watchdog.h"
#include "app/welcome.h"
#include "telemetry/log.h"

namespace gatehouse::app {
namespace {

constexpr Milliseconds stop_margin{3'000};  // after the drain's time-out, to close what is left

constexpr std::string_view role_names[] = {"gateway", "identity", "credential", "auth", "account", "notification"};

// Only the whole platform in one process exists: roles in processes of their own need endpoints to find one another by.
Done check_roles(std::string_view list) {
  if (list.empty()) return {};
  std::size_t named = 0;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto role = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    if (role == "all") return {};
    bool is_known = false;
    for (const auto name : role_names) is_known = is_known || name == role;
    if (!is_known) {
      const auto near = nearest_of(role, role_names);
      return fail(Code::invalid_argument, "usage",
                  fmt::format("there is no role \"{}\"{}", role,
                              near.empty() ? "; they are gateway, identity, credential, auth, account, notification"
                                           : fmt::format("; did you mean {}?", near)));
    }
    ++named;
  }
  if (named == std::size(role_names)) return {};
  return fail(Code::invalid_argument, "usage",
              "this version runs all six roles in one process only, because there is no way yet to say where the other "
              "roles are; leave --role out");
}

void prepare_process() {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};  // a core would hold keys and passwords
  ::setrlimit(RLIMIT_CORE, &no_core);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::mallopt(M_ARENA_MAX, 4);  // an arena for each of a dozen threads would idle at twice the memory
  ::mallopt(M_TRIM_THRESHOLD, 1 << 20);
}

log::Level level_named(std::string_view name) {
  if (name == "debug") return log::Level::debug;
  if (name == "warn") return log::Level::warn;
  if (name == "error") return log::Level::error;
  return name == "off" ? log::Level::off : log::Level::info;
}

void say_ready(const Arguments& arguments, const Process& process, std::int64_t took_ms) {
  const auto& addresses = process.addresses();
  log::info("ready", {{"version", version},
                      {"public", addresses.public_api},
                      {"admin", addresses.admin},
                      {"internal", addresses.internal},
                      {"data_dir", process.platform().folder.path().native()},
                      {"took_ms", took_ms}});
  if (!arguments.has("--welcome") && !::isatty(STDOUT_FILENO)) return;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  const Ready ready{.public_address = addresses.public_api,
                    .admin_address = addresses.admin,
                    .internal_address = addresses.internal,
                    .data_folder = process.platform().folder.path().string(),
                    .program = error ? "gatehouse" : program.string(),
                    .took_ms = took_ms};
  std::fputs(welcome_text(ready).c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

Exit run_serve(const Arguments& arguments) {
  const SystemClock clock;
  const auto begin = clock.steady();
  if (auto roles = check_roles(arguments.value("--role")); !roles) return report(roles.error());
  const auto loaded = load_settings(arguments);
  if (!loaded) return report(loaded.error());
  const auto& config = loaded->config;
  prepare_process();
  log::set_level(level_named(config.log.level));
  Signals signals;
  auto process = Process::open(config);
  if (!process) return report(process.error());
  if (!config.rate_limit.enabled)
    log::warn("rate_limit.enabled is false: every limit and back-off is off, also that on guessing passwords");
  (*process)->start();
  say_ready(arguments, **process, std::chrono::duration_cast<Milliseconds>(clock.steady() - begin).count());
  notify_supervisor("READY=1");
  const int signal = signals.wait();
  log::info("stopping", {{"signal", std::int64_t{signal}}});
  notify_supervisor("STOPPING=1");
  const Watchdog watchdog(Milliseconds{config.server.drain_delay_ms + config.server.drain_timeout_ms} + stop_margin);
  const bool is_clean = (*process)->stop([&signals] { return signals.has_come(); });
  if (!is_clean) {
    log::warn("a second signal: ending at once");
    log::flush();
    ::_exit(static_cast<int>(Exit::done));
  }
  process->reset();
  log::info("stopped");
  log::flush();
  return Exit::done;
}

Exit run_migrate(const Arguments& arguments) {
  const auto loaded = load_settings(arguments);
  if (!loaded) return report(loaded.error());
  auto folder = DataFolder::open_existing(loaded->config.storage.data_dir);
  if (!folder) return report(folder.error());
  const SystemClock clock;
  auto databases = Databases::open(*folder, clock);
  if (!databases) return report(databases.error());
  for (const auto& [role, database] : databases->all()) std::printf("%-14s up to date\n", role.c_str());
  databases->close();
  return Exit::done;
}

}  // namespace gatehouse::app
