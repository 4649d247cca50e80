#include "credential/lockout.h"

#include <algorithm>

namespace gatehouse::credential::lockout {
namespace {

constexpr Milliseconds delay_min{limits::attempt_delay_min_ms};
constexpr std::uint32_t doublings_max = 12;  // 2^12 s is past every delay_max

std::uint32_t failures_max(const Rule& rule) { return rule.free_failures + doublings_max; }

Entry counted(Entry entry, const Rule& rule, WallTime now) {
  if (entry.failures == 0) entry.forgiven_at = now;
  entry.failures = std::min(entry.failures + 1, failures_max(rule));
  entry.last_at = now;
  return entry;
}

Entry given_back(Entry entry, const Rule& rule, WallTime now) {
  entry = at(entry, rule, now);
  if (entry.failures > 0) --entry.failures;
  return entry.failures == 0 ? Entry{} : entry;
}

}  // namespace

Milliseconds delay_after(std::uint32_t failures, const Rule& rule) {
  if (failures < rule.free_failures) return Milliseconds{0};
  const auto doublings = std::min(failures - rule.free_failures, doublings_max);
  return std::min<Milliseconds>(delay_min * (std::int64_t{1} << doublings), rule.delay_max);
}

Entry at(Entry entry, const Rule& rule, WallTime now) {
  if (entry.failures == 0) return Entry{};
  entry.last_at = std::min(entry.last_at, now);
  entry.forgiven_at = std::min(entry.forgiven_at, now);
  const auto forgiven = (now - entry.forgiven_at) / rule.forgiven_after;
  if (forgiven >= static_cast<std::int64_t>(entry.failures)) return Entry{};
  entry.failures -= static_cast<std::uint32_t>(forgiven);
  entry.forgiven_at += forgiven * rule.forgiven_after;
  return entry;
}

Milliseconds wait_of(const Entry& entry, const Rule& rule, WallTime now) {
  const auto waited = std::max(now - entry.last_at, Milliseconds{0});
  return std::max(delay_after(entry.failures, rule) - waited, Milliseconds{0});
}

Decision reserve(Guard& guard, WallTime now) {
  guard.account_source = at(guard.account_source, account_source_rule, now);
  guard.source = at(guard.source, source_rule, now);
  if (guard.typed) guard.typed = at(*guard.typed, account_source_rule, now);
  const auto account_wait = wait_of(guard.account_source, account_source_rule, now);
  const auto told_wait = guard.typed ? wait_of(*guard.typed, account_source_rule, now) : account_wait;
  const auto wait = std::max(told_wait, wait_of(guard.source, source_rule, now));
  if (wait > Milliseconds{0}) return {.wait = wait};
  const bool is_blind = account_wait > Milliseconds{0};
  if (!is_blind) guard.account_source = counted(guard.account_source, account_source_rule, now);
  if (guard.typed) guard.typed = counted(*guard.typed, account_source_rule, now);
  guard.source = counted(guard.source, source_rule, now);
  return {.is_blind = is_blind};
}

void succeed(Guard& guard, WallTime now) {
  guard.account_source = Entry{};
  if (guard.typed) guard.typed = Entry{};
  guard.source = given_back(guard.source, source_rule, now);
}

void release(Guard& guard, WallTime now) {
  guard.account_source = given_back(guard.account_source, account_source_rule, now);
  if (guard.typed) guard.typed = given_back(*guard.typed, account_source_rule, now);
  guard.source = given_back(guard.source, source_rule, now);
}

}  // namespace gatehouse::credential::lockout
