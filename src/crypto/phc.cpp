#include "crypto/phc.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kTextBytesMax = 256, kTagBytesMin = 16, kTagBytesMax = 64;
constexpr std::uint32_t kMemoryKibMin = 8;  // RFC 9106 §3.1: 8 blocks a lane

// PHC strings use the alphabet of RFC 4648 §4 without padding; base/ has that of §5.
std::string swapped_alphabet(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  for (std::size_t i = 0; i < from.size(); ++i) std::replace(out.begin(), out.end(), from[i], to[i]);
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  return from_base64url(swapped_alphabet(text, "+/", "-_"));
}

std::string to_base64(std::string_view bytes) { return swapped_alphabet(to_base64url(bytes), "-_", "+/"); }

bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::uint32_t> skip_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || text.front() == '0') return std::nullopt;  // none of ours is zero
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

}  // namespace

std::optional<Phc> parse_phc(std::string_view text) {
  if (text.size() > kTextBytesMax || !skip(text, "$argon2id$v=19$m=")) return std::nullopt;
  const auto memory_kib = skip_number(text);
  if (!memory_kib || *memory_kib < kMemoryKibMin || !skip(text, ",t=")) return std::nullopt;
  const auto passes = skip_number(text);
  if (!passes || !skip(text, ",p=1$")) return std::nullopt;
  const auto dollar = text.find('$');
  if (dollar == std::string_view::npos) return std::nullopt;
  auto salt = from_base64(text.substr(0, dollar)), tag = from_base64(text.substr(dollar + 1));
  if (!salt || salt->size() != argon2_salt_bytes) return std::nullopt;
  if (!tag || tag->size() < kTagBytesMin || tag->size() > kTagBytesMax) return std::nullopt;
  return Phc{{*memory_kib, *passes}, std::move(*salt), std::move(*tag)};
}

std::string format_phc(const Phc& phc) {
  return fmt::format("$argon2id$v=19$m={},t={},p=1${}${}", phc.params.memory_kib, phc.params.passes,
                     to_base64(phc.salt), to_base64(phc.tag));
}

}  // namespace gatehouse::crypto
