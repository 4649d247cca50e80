// The request parser. Beyond not crashing: the answer does not depend on how the bytes were split; what was accepted,
// written out again, is accepted again and means the same; a canonical path is its own canonical form.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/path.h"
#include "http/request_parser.h"

using namespace gatehouse;
using http::RequestParser;

namespace {

struct Outcome {
  RequestParser::Progress progress{};
  http::Refusal refusal;
  std::string text;  // of an accepted request, written out again
  std::size_t head_bytes = 0;
  bool operator==(const Outcome& other) const {
    return progress == other.progress && refusal.status == other.refusal.status && refusal.reason == other.refusal.reason &&
           text == other.text && head_bytes == other.head_bytes;
  }
};

void check(bool holds) {
  if (!holds) std::abort();
}

std::string write_out(RequestParser& parser) {
  const auto& request = parser.request();
  std::string text(http::name_of(request.method));
  text.append(" ").append(request.path);
  if (!request.query.empty()) text.append("?").append(request.query);
  text.append(parser.framing().is_http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const auto& field : request.fields) text.append(field.name).append(": ").append(field.value).append("\r\n");
  return text.append("\r\n");
}

// Each piece comes into a buffer of its own, exactly as large as all that has come: a read past it is seen, and the
// parser's views must follow.
Outcome parse(const std::string& bytes, std::size_t step) {
  RequestParser parser;
  Outcome outcome;
  std::vector<char> buffer;
  do {
    const std::size_t given = std::min(bytes.size(), buffer.size() + step);
    std::vector<char> larger(given);
    std::copy(buffer.begin(), buffer.end(), larger.begin());  // what has been read is rewritten in place
    std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(buffer.size()), bytes.begin() + static_cast<std::ptrdiff_t>(given),
              larger.begin() + static_cast<std::ptrdiff_t>(buffer.size()));
    if (!buffer.empty()) parser.follow(buffer.data(), larger.data());
    buffer = std::move(larger);
    outcome.progress = parser.parse(buffer.data(), buffer.size());
  } while (outcome.progress == RequestParser::Progress::incomplete && buffer.size() < bytes.size());
  if (outcome.progress == RequestParser::Progress::complete) {
    outcome.text = write_out(parser);
    outcome.head_bytes = parser.head_bytes();
  }
  outcome.refusal = parser.refusal();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 64 * 1024) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = parse(bytes, size);
  for (const std::size_t step : {std::size_t{size > 4096 ? 97U : 1U}, std::size_t{7}, std::size_t{bytes.size() / 2 + 1}})
    if (step < size) check(parse(bytes, step) == whole);
  if (whole.progress != RequestParser::Progress::complete) return 0;
  const auto again = parse(whole.text, whole.text.size());
  check(again.progress == RequestParser::Progress::complete);
  check(again.text == whole.text);
  check(again.head_bytes == whole.text.size());
  const auto path_begin = whole.text.find(' ') + 1;
  std::string path = whole.text.substr(path_begin, whole.text.find_first_of(" ?", path_begin) - path_begin);
  const std::string before = path;
  if (before == "*") {  // the server as a whole: no path, and for OPTIONS alone (RFC 9112 §3.2.4)
    check(whole.text.starts_with("OPTIONS * "));
    return 0;
  }
  const auto canonical = http::canonicalise_path(path.data(), path.size());
  check(canonical.has_value() && path.substr(0, *canonical) == before);
  check(before.find("/../") == std::string::npos && !before.ends_with("/.."));
  check(before.find("//") == std::string::npos && before.find("%2F") == std::string::npos);
  return 0;
}
