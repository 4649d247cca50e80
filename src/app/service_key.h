// The service-auth key: what your own services present as x-service-auth. A text of 32 visible characters or more in a
// file of mode 0600, made on first start.
#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"

namespace gatehouse::app {

// SHA-256 of the key: all that this process keeps of it.
// FAILED_PRECONDITION service_key_unusable: unreadable, readable by others, or too short.
[[nodiscard]] Result<Digest> load_or_create_service_digest(const std::filesystem::path& file, Random& random);

// The same of a file that is there; what is not there is fine, for the first start makes it.
[[nodiscard]] Done check_service_key(const std::filesystem::path& file);

}  // namespace gatehouse::app
