#include "telemetry/process_metrics.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <vector>

namespace gatehouse::telemetry {
namespace {

std::string content_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The fields of /proc/self/stat after the command's name, which may hold anything: [0] is field 3 of proc(5).
std::vector<double> stat_fields() {
  const auto stat = content_of("/proc/self/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(stat.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<double> fields{0};
  for (double value = 0; rest >> value;) fields.push_back(value);
  return fields;
}

double boot_time_s() {
  const auto stat = content_of("/proc/stat");
  const auto at = stat.find("\nbtime ");
  double seconds = 0;
  if (at != std::string::npos) std::istringstream(stat.substr(at + 7)) >> seconds;
  return seconds;
}

std::ptrdiff_t open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return error ? 0 : std::distance(begin(all), end(all)) - 1;  // one is that of the folder itself
}

void add(std::string& text, std::string_view name, std::string_view type, std::string_view help, double value) {
  fmt::format_to(std::back_inserter(text), "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
}

}  // namespace

std::string process_metrics() {
  const auto fields = stat_fields();
  constexpr std::size_t utime = 11, stime = 12, start = 19, virtual_size = 20, resident = 21;
  if (fields.size() <= resident) return {};
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  std::string text;
  add(text, "process_cpu_seconds_total", "counter", "User and system CPU time.", (fields[utime] + fields[stime]) / ticks);
  add(text, "process_start_time_seconds", "gauge", "When the process began, since the epoch.", boot_time_s() + fields[start] / ticks);
  add(text, "process_resident_memory_bytes", "gauge", "Resident memory.",
      fields[resident] * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  add(text, "process_virtual_memory_bytes", "gauge", "Virtual memory.", fields[virtual_size]);
  add(text, "process_open_fds", "gauge", "Open file descriptors.", static_cast<double>(open_descriptors()));
  add(text, "process_max_fds", "gauge", "The most there may be.", static_cast<double>(files.rlim_cur));
  return text;
}

}  // namespace gatehouse::telemetry
