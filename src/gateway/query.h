// The query of a call that takes parameters: each known, each at most once (S-100). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace gatehouse::gateway {

struct Page {
  int size = 50;
  std::string token;  // empty: the first page
};

// INVALID_ARGUMENT page_size_invalid | page_token_invalid | malformed_query.
[[nodiscard]] Result<Page> read_page(std::string_view query);

// malformed_query about the first parameter of a query that a call does not take.
[[nodiscard]] std::unexpected<Error> no_such_parameter(std::string_view query);

}  // namespace gatehouse::gateway
