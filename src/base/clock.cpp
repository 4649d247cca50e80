#include "base/clock.h"

#include <charconv>

namespace gatehouse {

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::string to_rfc3339(WallTime time) {  // on the path of every user that is shown: no printf
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  auto of_day = static_cast<std::uint32_t>((time - day).count());
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t end, std::uint32_t value, int digits) {
    for (; digits > 0; --digits, value /= 10) text[--end] = static_cast<char>('0' + value % 10);
  };
  put(4, static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
  put(7, static_cast<unsigned>(date.month()), 2);
  put(10, static_cast<unsigned>(date.day()), 2);
  put(23, of_day % 1000, 3);
  of_day /= 1000;
  put(19, of_day % 60, 2);
  put(16, of_day / 60 % 60, 2);
  put(13, of_day / 3600, 2);
  return text;
}

namespace {
std::optional<int> number(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  const auto* end = text.data() + from + count;
  const auto parsed = std::from_chars(text.data() + from, end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end || value < 0) return std::nullopt;
  return value;
}
}  // namespace

std::optional<WallTime> from_rfc3339(std::string_view text) {
  const bool has_millis = text.size() == 24 && text[19] == '.';
  if (!(text.size() == 20 || has_millis) || text.back() != 'Z') return std::nullopt;
  if (text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
  const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
  const auto millis = has_millis ? number(text, 20, 3) : std::optional<int>(0);
  if (!year || !month || !day || !hour || !minute || !second || !millis) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} + std::chrono::minutes{*minute} +
         std::chrono::seconds{*second} + Milliseconds{*millis};
}

}  // namespace gatehouse
