#include "identity/email.h"

#include <unicode/uidna.h>

#include <algorithm>
#include <array>

#include "base/ensure.h"
#include "base/limits.h"
#include "identity/unicode.h"

namespace gatehouse::identity {
namespace {

constexpr std::size_t local_bytes_max = 64, label_bytes_max = 63;  // RFC 5321 §4.5.3.1, RFC 1035 §2.3.4

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool is_letter_or_digit(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }
bool is_atom(char c) { return is_letter_or_digit(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c); }

// No leading '-': what hands mail on may take it for an option, so no driver of ours sends to one (drivers/mail).
bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == '.' || text.back() == '.' || text.contains("..")) return false;
  return std::ranges::all_of(text, [](char c) { return c == '.' || is_atom(c); });
}

bool is_host_label(std::string_view label) {
  if (label.empty() || label.size() > label_bytes_max || label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return c == '-' || is_letter_or_digit(c); });
}

// Two labels or more, the last one not a number: a name of the DNS and not an address.
bool is_host_name(std::string_view domain) {
  std::size_t labels = 0;
  std::string_view label;
  for (std::size_t from = 0; from <= domain.size(); ++labels) {
    const std::size_t dot = std::min(domain.find('.', from), domain.size());
    label = domain.substr(from, dot - from);
    if (!is_host_label(label)) return false;
    from = dot + 1;
  }
  return labels >= 2 && !std::ranges::all_of(label, is_digit);
}

// Opened once; its conversions are const and safe on every thread.
const UIDNA* idna() {
  static const UIDNA* const opened = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UIDNA* uts46 = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                             UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE,
                                         &status);
    ensure(U_SUCCESS(status), "ICU has no IDNA data");
    return uts46;
  }();
  return opened;
}

std::optional<std::string> to_ascii_domain(std::string_view domain) {
  std::array<char, 256> out;
  UErrorCode status = U_ZERO_ERROR;
  UIDNAInfo info = UIDNA_INFO_INITIALIZER;
  const auto size = uidna_nameToASCII_UTF8(idna(), domain.data(), static_cast<int32_t>(domain.size()), out.data(),
                                           static_cast<int32_t>(out.size()), &info, &status);
  if (U_FAILURE(status) || info.errors != 0 || size > static_cast<int32_t>(out.size())) return std::nullopt;
  return std::string(out.data(), static_cast<std::size_t>(size));
}

std::string to_lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

// IDNA would drop what cannot be seen: refused instead.
bool has_invisible(std::string_view text) {
  const auto code_points = to_code_points(text);
  return !code_points || std::ranges::any_of(*code_points, is_invisible);
}

// An ASCII domain goes through IDNA only when it claims to be encoded ("xn--"), to be checked.
std::optional<std::string> canonical_domain(std::string_view domain) {
  if (has_invisible(domain)) return std::nullopt;
  if (!is_ascii(domain) || to_lower(domain).contains("xn--")) return to_ascii_domain(domain);
  return to_lower(domain);
}

}  // namespace

Result<Email> parse_email(std::string_view text, std::string_view field) {
  const auto invalid = [&] {
    return invalid_field(field, "email_invalid", "This is not an e-mail address we can use.");
  };
  if (text.size() > limits::email_bytes_max * 4) return invalid();
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return invalid();
  const std::string_view local = text.substr(0, at);
  if (local.size() > local_bytes_max || !is_dot_atom(local)) return invalid();
  const auto domain = canonical_domain(text.substr(at + 1));
  if (!domain || !is_host_name(*domain)) return invalid();
  Email email{.text = std::string(local) + "@" + *domain, .key = to_lower(local) + "@" + *domain};
  if (email.text.size() > limits::email_bytes_max) return invalid();
  return email;
}

}  // namespace gatehouse::identity
