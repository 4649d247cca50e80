// A problem document (RFC 9457) back into an Error, so that the command line says what the server said. Pure.
#pragma once

#include "app/http_client.h"

namespace gatehouse::app {

[[nodiscard]] Error error_of(const ClientResponse& response);

}  // namespace gatehouse::app
