#include "telemetry/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <mutex>

#include "telemetry/log_line.h"

namespace gatehouse::log {
namespace {

std::atomic<Level> least_level{Level::info};

// Lines for a function instead of stderr.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> take) : take_(std::move(take)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& line) override { take_({line.payload.data(), line.payload.size()}); }
  void flush_() override {}
  std::function<void(std::string_view)> take_;
};

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto made = std::make_shared<spdlog::logger>("gatehouse", std::move(sink));
  made->set_pattern("%v", spdlog::pattern_time_type::utc);
  made->set_level(spdlog::level::trace);
  return made;
}

// Never destroyed: threads may log until the process ends.
std::shared_ptr<spdlog::logger>& logger() {
  static auto* instance =
      new std::shared_ptr<spdlog::logger>(make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  return *instance;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::off: return spdlog::level::off;
  }
  return spdlog::level::off;
}

bool is_our_fault(Code code) { return code == Code::internal || code == Code::unknown || code == Code::data_loss; }

}  // namespace

void set_level(Level level) { least_level.store(level, std::memory_order_relaxed); }

bool is_enabled(Level level) { return level != Level::off && level >= least_level.load(std::memory_order_relaxed); }

void set_sink(std::function<void(std::string_view line)> take) {
  logger() = take ? make_logger(std::make_shared<FunctionSink>(std::move(take)))
                  : make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!is_enabled(level)) return;
  static const SystemClock clock;
  const auto line = format_line(clock.wall(), level, message, {fields.begin(), fields.size()});
  logger()->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

void failure(std::string_view message, const Call& call, const Error& why) {
  write(is_our_fault(why.code) ? Level::error : Level::warn, message,
        {{"correlation_id", call.correlation_id.view()},
         {"code", gatehouse::name_of(why.code)},
         {"reason", why.reason},
         {"detail", why.detail}});
}

void flush() { logger()->flush(); }

}  // namespace gatehouse::log
