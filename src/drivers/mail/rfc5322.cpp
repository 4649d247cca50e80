#include "drivers/mail/rfc5322.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace gatehouse::mail {
namespace {

constexpr std::size_t line_bytes_max = 76;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "mail_malformed", "The mail cannot be written.", what);
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Bytes of the code point that `text` begins with; 0 when it is not UTF-8 (RFC 3629).
std::size_t code_point_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_out_of_range = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return is_overlong || is_out_of_range ? 0 : bytes;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto bytes = code_point_bytes(text);
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_header_text(std::string_view text) { return is_utf8(text) && !has_control(text); }

// One address, in the form everybody has: dot-atom @ dot-atom. Quoted local parts and lists are refused.
bool is_address(std::string_view address) {
  const auto at = address.find('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == address.size() || address.size() > 320) return false;
  if (!is_header_text(address)) return false;
  return address.find_first_of(" \"(),:;<>[]\\@", at + 1) == std::string_view::npos &&
         address.substr(0, at).find_first_of(" \"(),:;<>[]\\") == std::string_view::npos && address.front() != '-';
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::array<unsigned, 3> group{};
    const auto count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < count; ++k) group[k] = static_cast<unsigned char>(bytes[i + k]);
    const unsigned bits = group[0] << 16 | group[1] << 8 | group[2];
    out += alphabet[bits >> 18 & 63];
    out += alphabet[bits >> 12 & 63];
    out += count > 1 ? alphabet[bits >> 6 & 63] : '=';
    out += count > 2 ? alphabet[bits & 63] : '=';
  }
  return out;
}

// =?UTF-8?B?…?= words of at most 75 characters, cut between code points, on folded lines.
std::string encoded_words(std::string_view text) {
  constexpr std::size_t payload_bytes_max = 39;  // 52 characters of base64: fits behind any of our header names
  std::string out;
  while (!text.empty()) {
    std::size_t bytes = 0;
    while (bytes < text.size()) {
      const auto next = code_point_bytes(text.substr(bytes));
      if (bytes + next > payload_bytes_max) break;
      bytes += next;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64(text.substr(0, bytes)) + "?=";
    text.remove_prefix(bytes);
  }
  return out;
}

// Free text of a header. ASCII stays readable unless it is long or looks encoded itself.
std::string header_text(std::string_view text) {
  const bool is_plain = is_ascii(text) && text.size() <= 60 && text.find("=?") == std::string_view::npos;
  return is_plain ? std::string(text) : encoded_words(text);
}

struct Mailbox {
  std::string name, address;
};

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  const auto open = text.rfind('<');
  if (open == std::string_view::npos) return is_address(text) ? std::optional(Mailbox{{}, std::string(text)}) : std::nullopt;
  if (text.back() != '>') return std::nullopt;
  auto name = text.substr(0, open);
  const auto address = text.substr(open + 1, text.size() - open - 2);
  while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
  if (!is_address(address) || !is_header_text(name)) return std::nullopt;
  return Mailbox{std::string(name), std::string(address)};
}

std::string display_name(std::string_view name) {
  if (!is_ascii(name) || name.size() > 50) return encoded_words(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string date_text(WallTime time) {
  constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

template <class Take>
void for_each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line);
  }
}

bool needs_encoding(std::string_view text) {
  bool needs = !is_ascii(text);
  for_each_line(text, [&needs](std::string_view line) {
    needs = needs || line.size() > line_bytes_max || line.starts_with("From ") || line.ends_with(' ') || has_control(line);
  });
  return needs;
}

std::string quoted_printable_line(std::string_view line) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    const bool is_last = i + 1 == line.size();
    const bool is_literal = (c >= 0x21 && c <= 0x7E && c != '=') || ((c == ' ' || c == '\t') && !is_last);
    const std::string piece = is_literal ? std::string(1, line[i]) : fmt::format("={:02X}", c);
    if (column + piece.size() > line_bytes_max - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  }
  return out;
}

std::string body(std::string_view text, bool is_encoded) {
  std::string out;
  for_each_line(text, [&out, is_encoded](std::string_view line) {
    out += is_encoded ? quoted_printable_line(line) : std::string(line);
    out += "\r\n";
  });
  return out;
}

bool is_token(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
         });
}

}  // namespace

bool is_mailbox(std::string_view text) {
  return parse_mailbox(text).has_value() && std::ranges::count(text, '@') == 1 && std::ranges::count(text, '<') <= 1;
}

Result<std::string> to_rfc5322(const Message& message) {
  const auto from = parse_mailbox(message.from);
  if (!from) return malformed("from");
  if (!is_address(message.to)) return malformed("to");
  if (message.id.empty() || !is_token(message.id, 64)) return malformed("id");
  if (!is_token(message.language, 35)) return malformed("language");
  if (!is_header_text(message.subject)) return malformed("subject");
  if (!is_utf8(message.text) || message.text.find('\0') != std::string::npos) return malformed("text");
  const bool is_encoded = needs_encoding(message.text);
  std::string out = "Date: " + date_text(message.date) + "\r\n";
  out += from->name.empty() ? "From: " + from->address : "From: " + display_name(from->name) + "\r\n <" + from->address + ">";
  out += "\r\nTo: " + message.to;
  out += "\r\nSubject: " + header_text(message.subject);
  out += "\r\nMessage-ID: <" + message.id + from->address.substr(from->address.find('@')) + ">";
  out += "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ";
  out += is_encoded ? "quoted-printable" : "7bit";
  if (!message.language.empty()) out += "\r\nContent-Language: " + message.language;
  out += "\r\nAuto-Submitted: auto-generated\r\n\r\n";  // RFC 3834: nobody's holiday notice answers this
  out += body(message.text, is_encoded);
  return out;
}

}  // namespace gatehouse::mail
