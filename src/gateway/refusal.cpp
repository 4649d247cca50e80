#include "gateway/refusal.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatehouse::gateway {
namespace {

struct Sentence {
  std::string_view reason;
  std::string_view text;  // {}: the limit
};

constexpr Sentence sentences[] = {
    {"request_line_invalid", "The request does not begin with a method, a target and HTTP/1.1."},
    {"request_line_too_long", "The request line may have at most {} bytes."},
    {"line_end_invalid", "A line must end with CR LF, and with nothing else."},
    {"method_invalid", "The method is not a token."},
    {"method_not_implemented", "The server does not know this method."},
    {"method_override_refused", "A method is never overridden by a header."},
    {"http_version_invalid", "The request line does not end with a version of HTTP."},
    {"http_version_not_supported", "The server speaks HTTP 1.1 and 1.0."},
    {"target_invalid", "The target is neither a path nor an http:// or https:// URL."},
    {"query_invalid", "The query holds a character that must be percent-encoded, or a broken escape."},
    {"path_not_absolute", "The path must begin with a slash."},
    {"path_character", "The path holds a character that must be percent-encoded."},
    {"path_control_character", "The path holds a control character."},
    {"path_escape", "The path holds a % that is not followed by two hexadecimal digits."},
    {"path_not_utf8", "The path is not UTF-8."},
    {"path_dot_segment", "The path has a segment of dots: write what it leads to."},
    {"path_empty_segment", "The path has an empty segment."},
    {"path_segment_end", "A segment of the path ends with a dot or a space."},
    {"path_double_encoding", "The path is percent-encoded twice."},
    {"path_encoded_separator", "The path holds an encoded slash, backslash or semicolon."},
    {"field_name_invalid", "The name of a header field is not a token followed by a colon."},
    {"field_value_invalid", "The value of a header field holds a control character."},
    {"field_repeated", "A header field that may stand once stands twice."},
    {"obsolete_folding", "A header field goes on in the next line, which HTTP no longer allows."},
    {"too_many_fields", "The header may have at most {} fields."},
    {"header_too_large", "The header may have at most {} bytes."},
    {"header_timeout", "The header did not arrive within {} milliseconds."},
    {"host_missing", "The Host header is missing."},
    {"host_invalid", "The Host header is not a host."},
    {"host_differs_from_target", "The Host header and the target name different hosts."},
    {"content_length_invalid", "Content-Length is not a number of bytes."},
    {"content_length_with_transfer_encoding", "Content-Length and Transfer-Encoding exclude each other."},
    {"transfer_encoding_invalid", "The one Transfer-Encoding the server takes is chunked, in HTTP/1.1."},
    {"chunk_invalid", "The body is not well-formed chunks."},
    {"expectation_unknown", "The one expectation the server can meet is 100-continue."},
    {"body_too_large", "The body may have at most {} bytes."},
    {"body_timeout", "The body did not arrive within {} milliseconds."},
    {"deadline_exceeded", "This took longer than {} milliseconds. It may still happen: look before you try again."},
    {"overloaded", "Too much is being received at once. Try again shortly."},
    {"too_many_connections", "Too many connections are open. Try again shortly."},
};

}  // namespace

std::string sentence_of(const http::Refusal& why) {
  if (why.reason == "body_too_large" && why.limit == 0) return "This call takes no body.";
  const auto known = std::ranges::find(sentences, why.reason, &Sentence::reason);
  if (known == std::end(sentences)) return "The request is not HTTP as this server takes it.";
  return fmt::format(fmt::runtime(known->text), why.limit);
}

}  // namespace gatehouse::gateway
