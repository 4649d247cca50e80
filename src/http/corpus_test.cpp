// The committed corpora as tests: the number a file's name begins with is what the server must answer.
#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "http/chunked.h"
#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

namespace fs = std::filesystem;
using Progress = RequestParser::Progress;

fs::path corpus(std::string_view name) {
  for (auto folder = fs::current_path(); folder.has_relative_path(); folder = folder.parent_path())
    if (fs::exists(folder / "tests/fuzz/corpus" / name)) return folder / "tests/fuzz/corpus" / name;
  return {};
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Every file is named <status>-<what>.
int status_in(std::string_view name) {
  int status = 0;
  std::from_chars(name.data(), name.data() + name.size(), status);
  return status;
}

// What came of `bytes` given in pieces of `step` octets: the status, and the request written out again.
std::pair<int, std::string> parse_in_steps(std::string bytes, std::size_t step) {
  RequestParser parser;
  for (std::size_t given = 0; given < bytes.size();) {
    given = std::min(bytes.size(), given + step);
    const auto progress = parser.parse(bytes.data(), given);
    if (progress == Progress::refused) return {parser.refusal().status, std::string(parser.refusal().reason)};
    if (progress == Progress::incomplete) continue;
    auto& request = parser.request();
    std::string text = std::string(name_of(request.method)) + " " + std::string(request.path) + "?" + std::string(request.query);
    for (const auto& field : request.fields) text += "\n" + std::string(field.name) + ": " + std::string(field.value);
    return {200, text + "\n" + std::to_string(parser.head_bytes())};
  }
  return {0, "incomplete"};
}

TEST(HttpCorpus, every_request_gets_the_status_its_name_says_however_it_is_split) {
  const auto folder = corpus("http_request");
  ASSERT_FALSE(folder.empty()) << "run from inside the source tree";
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".http")) continue;
    const auto bytes = read_file(entry.path());
    const auto whole = parse_in_steps(bytes, bytes.size());
    EXPECT_EQ(whole.first, status_in(name)) << name << ": " << whole.second;
    for (const std::size_t step : {1, 2, 3, 7, 64, 1024}) EXPECT_EQ(parse_in_steps(bytes, step), whole) << name;
    ++files;
  }
  EXPECT_GE(files, 150);
}

std::pair<int, std::string> decode_in_steps(std::string_view raw, std::size_t step) {
  ChunkedDecoder decoder(64 * 1024);
  std::string body;
  std::size_t total = 0;
  while (total < raw.size()) {
    std::size_t consumed = 0;
    switch (decoder.feed(raw.substr(total, step), body, consumed)) {
      case ChunkedDecoder::Progress::complete: return {200, body + "|" + std::string(raw.substr(total + consumed))};
      case ChunkedDecoder::Progress::refused: return {400, {}};
      case ChunkedDecoder::Progress::too_large: return {413, {}};
      case ChunkedDecoder::Progress::incomplete: total += consumed;
    }
  }
  return {0, {}};
}

TEST(HttpCorpus, S75_every_chunked_body_gets_the_status_its_name_says_however_it_is_split) {
  const auto folder = corpus("http_chunked");
  ASSERT_FALSE(folder.empty());
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(".chunked")) continue;
    const auto raw = read_file(entry.path());
    const auto whole = decode_in_steps(raw, raw.size());
    EXPECT_EQ(whole.first, status_in(name)) << name;
    for (const std::size_t step : {1, 2, 5, 100}) EXPECT_EQ(decode_in_steps(raw, step), whole) << name;
    ++files;
  }
  EXPECT_GE(files, 30);
}

}  // namespace
}  // namespace gatehouse::http
