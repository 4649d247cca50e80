// Asking the person at the terminal. A password is never taken from the command line, where `ps` shows it. Blocks.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/secret.h"

namespace gatehouse::app {

// One line from the terminal, or from standard input when that is none. INVALID_ARGUMENT usage when there is no line.
[[nodiscard]] Result<std::string> ask(std::string_view question);
// The same without echo.
[[nodiscard]] Result<SecretString> ask_password(std::string_view question);
// A password that is to be: asked for a second time on a terminal, where nobody sees what was mistyped. INVALID_ARGUMENT
// password_repeat_differs.
[[nodiscard]] Result<SecretString> ask_new_password(std::string_view question);

}  // namespace gatehouse::app
