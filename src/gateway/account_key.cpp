#include "gateway/account_key.h"

#include <utf8proc.h>

#include <cstdlib>

namespace gatehouse::gateway {

std::string account_key_of_user(std::string_view user_id) { return std::string("user:").append(user_id); }

std::string account_key_of_nobody(std::string_view typed_name) {
  constexpr auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT |
                                                          UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
  std::string key = "name:";
  utf8proc_uint8_t* folded = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(typed_name.data()),
                                 static_cast<utf8proc_ssize_t>(typed_name.size()), &folded, options);
  if (size < 0) return key.append(typed_name);
  key.append(reinterpret_cast<const char*>(folded), static_cast<std::size_t>(size));
  std::free(folded);
  return key;
}

}  // namespace gatehouse::gateway
