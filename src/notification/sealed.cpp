#include "notification/sealed.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/aead.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::notification {
namespace {

constexpr std::size_t data_bytes_max = 32 * 1024;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "event_malformed", "The event does not hold what its type says.", what);
}

std::string bound_to(std::string_view id) { return "mail:" + std::string(id); }

Result<boost::json::object> open_object(const SecretKey& key, std::string_view box, std::string_view associated) {
  const auto opened = crypto::open(key, box, associated);
  if (!opened) return pass(opened);
  const json::ReadLimits limits{.bytes_max = data_bytes_max};
  return json::read_object(opened->reveal(), limits);
}

bool take(const boost::json::object& from, const char* name, std::string& to) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_string()) return false;
  to.assign(value->get_string().data(), value->get_string().size());
  return true;
}

}  // namespace

Result<SecretKey> subject_key(std::string_view octets) {
  std::array<std::uint8_t, 32> key{};
  if (octets.size() != key.size())
    return fail(Code::invalid_argument, "subject_key_malformed", "The key has another length.");
  std::ranges::copy(as_bytes(octets), key.begin());
  SecretKey made(key);
  wipe(key.data(), key.size());
  return made;
}

Result<boost::json::object> open_event_data(const events::Event& event, const SecretKey& key) {
  const std::string_view data = event.data;
  if (event.key_id.empty() || data.size() < 2 || data.front() != '"' || data.back() != '"') return malformed("data is not sealed");
  const auto box = from_base64url(data.substr(1, data.size() - 2));
  if (!box) return malformed("data is not base64url");
  auto opened = open_object(key, *box, event.event_id);
  if (!opened && opened.error().code == Code::invalid_argument) return malformed(opened.error().reason);
  return opened;
}

std::string seal_letter(const Letter& letter, const SecretKey& key, std::string_view id, Random& random) {
  std::string text;
  text.reserve(256 + letter.text.size() * 2);  // in one piece, so that wiping it leaves no copy
  json::Writer(text)
      .begin_object()
      .field("to", letter.to)
      .field("subject", letter.subject)
      .field("text", letter.text)
      .field("language", letter.language)
      .end_object();
  auto box = crypto::seal(key, text, bound_to(id), random);
  wipe(text);
  return box;
}

Result<Letter> open_letter(std::string_view box, const SecretKey& key, std::string_view id) {
  const auto object = open_object(key, box, bound_to(id));
  if (!object) return pass(object);
  Letter letter;
  if (!take(*object, "to", letter.to) || !take(*object, "subject", letter.subject) || !take(*object, "text", letter.text) ||
      !take(*object, "language", letter.language))
    return fail(Code::data_loss, "sealed_box_broken", "Something went wrong on our side.", "a letter lacks a member");
  return letter;
}

}  // namespace gatehouse::notification
