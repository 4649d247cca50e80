// Any bytes as a configuration file: loaded or refused with one sentence, and what was loaded prints to what loads
// again.
#include <cstdint>
#include <string_view>

#include "base/ensure.h"
#include "config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  config::Loaded loaded;
  const auto done =
      config::apply_yaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", config::schema(), loaded);
  if (!done) {
    ensure(!done.error().message.empty(), "a refusal says why");
    return 0;
  }
  static_cast<void>(config::check(loaded.config));
  config::Loaded again;
  const auto text = config::print(loaded);
  ensure(config::apply_yaml(text, "printed.yaml", config::schema(), again).has_value(),
         "what is printed can be loaded");
  ensure(config::print(again).size() > 0, "and printed");
  return 0;
}
