// What is said about bytes that never became a request: one sentence for each reason of http/. Pure; any thread.
#pragma once

#include <string>

#include "http/message.h"

namespace gatehouse::gateway {

[[nodiscard]] std::string sentence_of(const http::Refusal& why);

}  // namespace gatehouse::gateway
