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

Entry with_failures(Entry entry, std::uint32_t more, const Rule& rule, WallTime now) {
  for (more = std::min(more, failures_max(rule)); more > 0; --more) entry = counted(entry, rule, now);
  return entry;
}

bool is_entry_ahead(const Entry& entry, WallTime now) {
  return entry.failures > 0 && (entry.last_at > now || entry.forgiven_at > now);
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

Decision decide(Guard& guard, const Others& others, WallTime now) {
  const auto wait_with = [now](Entry& entry, std::uint32_t more, const Rule& rule) {
    entry = at(entry, rule, now);
    return wait_of(with_failures(entry, more, rule, now), rule, now);
  };
  const auto account_wait = wait_with(guard.account_source, others.account_source, account_source_rule);
  const auto told_wait = guard.typed ? wait_with(*guard.typed, others.typed, account_source_rule) : account_wait;
  const auto wait = std::max(told_wait, wait_with(guard.source, others.source, source_rule));
  return {.wait = wait, .is_blind = wait == Milliseconds{0} && account_wait > Milliseconds{0}};
}

void fail(Guard& guard, WallTime now) {
  guard.account_source = counted(at(guard.account_source, account_source_rule, now), account_source_rule, now);
  if (guard.typed) guard.typed = counted(at(*guard.typed, account_source_rule, now), account_source_rule, now);
  guard.source = counted(at(guard.source, source_rule, now), source_rule, now);
}

void succeed(Guard& guard) {
  guard.account_source = Entry{};
  if (guard.typed) guard.typed = Entry{};
}

bool is_clean(const Guard& guard) {
  return guard.account_source.failures == 0 && (!guard.typed || guard.typed->failures == 0);
}

bool is_ahead(const Guard& guard, WallTime now) {
  return is_entry_ahead(guard.account_source, now) || is_entry_ahead(guard.source, now) ||
         (guard.typed && is_entry_ahead(*guard.typed, now));
}

}  // namespace gatehouse::credential::lockout
