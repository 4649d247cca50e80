#include "http/request_parser.h"

#include <algorithm>
#include <cstring>

#include "base/limits.h"
#include "http/path.h"

namespace gatehouse::http {
namespace {

constexpr std::uint64_t content_length_max = std::uint64_t{1} << 53;

std::string_view view(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return lower_token_char(c) != 0; });
}

}  // namespace

void RequestParser::reset() {
  request_.fields.clear();
  request_.method = Method::get;
  request_.path = request_.query = request_.body = {};
  framing_ = {};
  refusal_ = {};
  authority_ = host_ = {};
  seen_ = 0;
  line_ = scanned_ = section_ = field_count_ = 0;
  stage_ = Stage::request_line;
  is_close_asked_ = is_keep_alive_asked_ = false;
}

RequestParser::Progress RequestParser::refuse(int status, std::string_view reason) {
  fail(status, reason);
  return Progress::refused;
}

bool RequestParser::fail(int status, std::string_view reason, std::uint64_t limit) {
  refusal_ = {status, reason, limit};
  stage_ = Stage::refused;
  return false;
}

// `line_end` is where the LF of the current line is or, when it has not come, the earliest place where it can be.
// Looking at lengths before contents is what makes the answer independent of splits.
bool RequestParser::is_over_limit(std::size_t line_end) {
  if (stage_ == Stage::request_line) {
    if (line_end - line_ <= limits::request_line_bytes_max + 1) return false;
    fail(414, "request_line_too_long", limits::request_line_bytes_max);
  } else {
    if (line_end - section_ < limits::header_section_bytes_max) return false;
    fail(431, "header_too_large", limits::header_section_bytes_max);
  }
  return true;
}

RequestParser::Progress RequestParser::parse(char* data, std::size_t size) {
  if (stage_ == Stage::refused) return Progress::refused;
  while (stage_ != Stage::complete) {
    if (stage_ == Stage::request_line && line_ < size && data[line_] != '\r' && lower_token_char(data[line_]) == 0)
      return refuse(400, "request_line_invalid");  // TLS on a plain port is told at once
    const auto* lf = static_cast<const char*>(std::memchr(data + scanned_, '\n', size - scanned_));
    const std::size_t line_end = lf != nullptr ? static_cast<std::size_t>(lf - data) : size;
    if (is_over_limit(line_end)) return Progress::refused;
    if (lf == nullptr) {
      scanned_ = size;
      return Progress::incomplete;
    }
    if (line_end == line_ || data[line_end - 1] != '\r') return refuse(400, "line_end_invalid");
    char* const begin = data + line_;
    char* const end = data + line_end - 1;
    const bool is_leading_blank = stage_ == Stage::request_line && begin == end && line_ == 0;
    line_ = scanned_ = line_end + 1;
    if (is_leading_blank) continue;  // RFC 9112 §2.2: one empty line before the request line
    if (stage_ == Stage::request_line) {
      if (!take_request_line(begin, end)) return Progress::refused;
      stage_ = Stage::fields;
      section_ = line_;
    } else if (begin != end) {
      if (!take_field(begin, end)) return Progress::refused;
    } else {
      if (!finish()) return Progress::refused;
      stage_ = Stage::complete;
    }
  }
  return Progress::complete;
}

void RequestParser::follow(const char* from, const char* to) {
  const auto move = [from, to](std::string_view& text) {
    if (text.data() != nullptr) text = {to + (text.data() - from), text.size()};
  };
  move(request_.path);
  move(request_.query);
  move(request_.body);
  move(authority_);
  move(host_);
  for (auto& field : request_.fields) {
    move(field.name);
    move(field.value);
  }
}

// method SP request-target SP HTTP-version
bool RequestParser::take_request_line(char* begin, char* end) {
  auto* const first = static_cast<char*>(std::memchr(begin, ' ', static_cast<std::size_t>(end - begin)));
  if (first == nullptr || end - first < 10 || *(end - 9) != ' ' || end - 9 == first)
    return fail(400, "request_line_invalid");
  const auto method = view(begin, first);
  if (!is_token(method)) return fail(400, "method_invalid");
  if (!take_version(view(end - 8, end))) return false;
  if (!take_method(method)) return false;
  return take_target(first + 1, end - 9);
}

bool RequestParser::take_version(std::string_view version) {
  if (version == "HTTP/1.1") return true;
  if (version == "HTTP/1.0") {
    framing_.is_http_1_0 = true;
    return true;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool is_well_formed =
      version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (is_well_formed) return fail(505, "http_version_not_supported");
  return fail(400, "http_version_invalid");
}

bool RequestParser::take_method(std::string_view method) {
  static constexpr std::pair<std::string_view, Method> known[] = {
      {"GET", Method::get},     {"POST", Method::post}, {"PUT", Method::put},         {"PATCH", Method::patch},
      {"DELETE", Method::del}, {"HEAD", Method::head}, {"OPTIONS", Method::options}};
  for (const auto& [name, value] : known) {
    if (method != name) continue;
    request_.method = value;
    return true;
  }
  return fail(501, "method_not_implemented");
}

bool RequestParser::take_target(char* begin, char* end) {
  if (*begin == '/') return take_path(begin, end);
  const auto target = view(begin, end);
  if (target == "*" && request_.method == Method::options) {  // of the server as a whole, RFC 9110 §9.3.7
    request_.path = target;
    return true;
  }
  std::size_t scheme = 0;
  if (target.size() > 7 && equal_ignoring_case(target.substr(0, 7), "http://")) scheme = 7;
  if (target.size() > 8 && equal_ignoring_case(target.substr(0, 8), "https://")) scheme = 8;
  if (scheme == 0) return fail(400, "target_invalid");
  const auto rest = target.substr(scheme);
  const auto authority_bytes = std::min(rest.find_first_of("/?"), rest.size());
  authority_ = rest.substr(0, authority_bytes);
  if (!is_valid_host(authority_)) return fail(400, "target_invalid");
  char* const path = begin + scheme + authority_bytes;
  if (path != end && *path == '/') return take_path(path, end);
  // An empty path means "/": the octet after the authority, '?' or the SP before the version, becomes it.
  *path = '/';
  request_.path = view(path, path + 1);
  if (path != end) request_.query = view(path + 1, end);
  return is_valid_query(request_.query) || fail(400, "query_invalid");
}

bool RequestParser::take_path(char* begin, char* end) {
  auto* const mark = static_cast<char*>(std::memchr(begin, '?', static_cast<std::size_t>(end - begin)));
  char* const path_end = mark != nullptr ? mark : end;
  const auto size = canonicalise_path(begin, static_cast<std::size_t>(path_end - begin));
  if (!size) return fail(400, size.error());
  request_.path = {begin, *size};
  if (mark == nullptr) return true;
  request_.query = view(mark + 1, end);
  return is_valid_query(request_.query) || fail(400, "query_invalid");
}

// field-name ":" OWS field-value OWS
bool RequestParser::take_field(char* begin, char* end) {
  if (++field_count_ > limits::header_fields_max) return fail(431, "too_many_fields", limits::header_fields_max);
  char* colon = begin;
  bool is_plain = true;
  for (; colon != end && *colon != ':'; ++colon) {
    const char lower = lower_token_char(*colon);
    if (lower == 0) return fail(400, *begin == ' ' || *begin == '\t' ? "obsolete_folding" : "field_name_invalid");
    is_plain &= (lower >= 'a' && lower <= 'z') || lower == '-' || (lower >= '0' && lower <= '9');
    *colon = lower;
  }
  if (colon == end || colon == begin) return fail(400, "field_name_invalid");
  const auto name = view(begin, colon);
  const auto value = trim(view(colon + 1, end));
  if (!is_valid_field_value(value)) return fail(400, "field_value_invalid");
  if (!is_plain && is_alias_of_guarded_field(name)) return true;  // S-58: dropped
  const auto known = classify_field(name);
  if ((seen_ & known.bit) != 0) return fail(400, "field_repeated");
  seen_ |= known.bit;
  request_.fields.push_back({name, value});
  return known.kind <= FieldKind::once || take_special(known.kind, value);
}

bool RequestParser::take_special(FieldKind kind, std::string_view value) {
  switch (kind) {
    case FieldKind::host:
      host_ = value;
      return is_valid_host(value) || fail(400, "host_invalid");
    case FieldKind::content_length: return take_content_length(value);
    case FieldKind::transfer_encoding:
      framing_.is_chunked = equal_ignoring_case(value, "chunked");
      return framing_.is_chunked || fail(400, "transfer_encoding_invalid");
    case FieldKind::expect:
      framing_.expects_continue = equal_ignoring_case(value, "100-continue");
      return framing_.expects_continue || fail(417, "expectation_unknown");
    case FieldKind::connection: return take_connection(value);
    case FieldKind::method_override: return fail(501, "method_override_refused");
    default: return true;
  }
}

bool RequestParser::take_content_length(std::string_view value) {
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return fail(400, "content_length_invalid");
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
    if (length > content_length_max) return fail(400, "content_length_invalid");
  }
  framing_.has_content_length = !value.empty();
  framing_.content_length = length;
  return !value.empty() || fail(400, "content_length_invalid");
}

bool RequestParser::take_connection(std::string_view value) {
  is_close_asked_ |= list_contains(value, "close");
  is_keep_alive_asked_ |= list_contains(value, "keep-alive");
  return true;
}

// What can be said only once every field is there.
bool RequestParser::finish() {
  if (host_.empty() && !framing_.is_http_1_0) return fail(400, "host_missing");
  if (!authority_.empty() && !equal_ignoring_case(authority_, host_)) return fail(400, "host_differs_from_target");
  if (framing_.is_chunked && framing_.has_content_length) return fail(400, "content_length_with_transfer_encoding");
  if (framing_.is_chunked && framing_.is_http_1_0) return fail(400, "transfer_encoding_invalid");
  framing_.keeps_alive = !is_close_asked_ && (!framing_.is_http_1_0 || is_keep_alive_asked_);
  framing_.expects_continue &= !framing_.is_http_1_0;
  return true;
}

}  // namespace gatehouse::http
