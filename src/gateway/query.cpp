#include "gateway/query.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/limits.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t page_token_bytes_max = 512;
constexpr std::size_t name_bytes_max = 32;  // of a parameter we do not know and send back

// Page tokens are ours: characters that would have to be escaped are never in one.
bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::optional<int> page_size(std::string_view text) {
  int size = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, size);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  if (size < 1 || size > static_cast<int>(limits::page_items_max)) return std::nullopt;
  return size;
}

std::unexpected<Error> malformed(std::string_view reason, std::string_view message) {
  return fail(Code::invalid_argument, reason, message);
}

}  // namespace

std::unexpected<Error> no_such_parameter(std::string_view query) {
  const auto name = query.substr(0, query.find_first_of("=&"));
  std::string said = name.empty() || name.size() > name_bytes_max ? "This call does not take that parameter."
                                                                  : "This call does not take the parameter ";
  if (said.ends_with(' ')) said.append(name).append(".");
  return malformed("malformed_query", said);
}

Result<Page> read_page(std::string_view query) {
  Page page;
  bool has_size = false, has_token = false;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto equals = pair.find('=');
    const auto name = pair.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if ((name == "page_size" && has_size) || (name == "page_token" && has_token))
      return malformed("malformed_query", "The parameter " + std::string(name) + " stands twice.");
    if (name == "page_size") {
      has_size = true;
      const auto size = page_size(value);
      if (!size) return malformed("page_size_invalid", "page_size is a number from 1 to 100.");
      page.size = *size;
    } else if (name == "page_token") {
      has_token = true;
      if (value.empty() || value.size() > page_token_bytes_max || !std::ranges::all_of(value, is_unreserved))
        return malformed("page_token_invalid", "page_token is not one of ours.");
      page.token = value;
    } else {
      return no_such_parameter(pair);
    }
  }
  return page;
}

}  // namespace gatehouse::gateway
