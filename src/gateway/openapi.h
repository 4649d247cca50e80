// The description of the API, as it is served: api/openapi.yaml, embedded at build time, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gatehouse::gateway {

struct OpenApiDocument {
  std::string json;
  std::string gzip;  // the same, compressed once; empty when that failed
  std::string etag;  // of both, with its quotes
};

// Made at the first call, kept for the process. Any thread.
[[nodiscard]] const Result<OpenApiDocument>& openapi_document();

// YAML → JSON by YAML 1.2's core schema: plain scalars are null, booleans and numbers where they look like it, quoted
// ones are strings. INVALID_ARGUMENT yaml_invalid.
[[nodiscard]] Result<std::string> yaml_to_json(std::string_view yaml);

}  // namespace gatehouse::gateway
