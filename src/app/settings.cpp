#include "app/settings.h"

#include <fmt/format.h>
#include <unistd.h>

#include "drivers/mail/rfc5322.h"

namespace gatehouse::app {

Result<config::Loaded> load_settings(const Arguments& arguments) {
  config::Inputs inputs;
  if (arguments.has("--config")) inputs.file = arguments.value("--config");
  for (char** variable = ::environ; *variable; ++variable) {
    const std::string_view text(*variable);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      inputs.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  if (arguments.has("--data-dir")) inputs.options.emplace_back("storage.data_dir", arguments.value("--data-dir"));
  auto loaded = config::load(inputs);
  if (loaded && !mail::is_mailbox(loaded->config.mail.from))
    return fail(Code::invalid_argument, "config_invalid",
                fmt::format("\"mail.from\" must be one sender, such as Gatehouse <no-reply@example.com>, not \"{}\"",
                            loaded->config.mail.from));
  return loaded;
}

}  // namespace gatehouse::app
