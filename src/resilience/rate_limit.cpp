#include "resilience/rate_limit.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/ensure.h"

namespace gatehouse {
namespace {

std::uint32_t ceil_ms(std::int64_t us) {
  const auto ms = (us + 999) / 1000;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

RateLimiter::RateLimiter(RateLimit limit, std::size_t keys_max, const Clock& clock, Random& random)
    : limit_(limit), clock_(clock), hash_key_(SipKey::make(random)) {
  ensure(limit_.permits > 0 && limit_.period.count() > 0, "a rate limit needs permits and a period");
  if (limit_.burst == 0) limit_.burst = limit_.permits;
  const std::int64_t period_us = std::chrono::microseconds(limit_.period).count();
  permit_us_ = (period_us + limit_.permits - 1) / limit_.permits;  // rounded up: never more than was promised
  burst_us_ = permit_us_ * limit_.burst;
  if (limit_.enabled) sets_.resize(std::bit_ceil(std::max<std::size_t>(keys_max / ways, 1)));
}

std::int64_t RateLimiter::now_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady().time_since_epoch()).count();
}

std::uint64_t RateLimiter::fingerprint_of(std::string_view key) const {
  return std::max<std::uint64_t>(siphash(hash_key_, key), 1);
}

Admission RateLimiter::judge(std::int64_t full_at_us, std::int64_t now, std::int64_t cost_us) const {
  const std::int64_t used_us = std::max<std::int64_t>(full_at_us - now, 0);
  const std::int64_t over_us = used_us + cost_us - burst_us_;
  Admission admission;
  admission.allowed = over_us <= 0;
  admission.limit = limit_.burst;
  admission.retry_after_ms = admission.allowed ? 0 : ceil_ms(over_us);
  const std::int64_t after_us = admission.allowed ? used_us + cost_us : used_us;
  admission.remaining = static_cast<std::uint32_t>(std::max<std::int64_t>(burst_us_ - after_us, 0) / permit_us_);
  admission.reset_ms = ceil_ms(after_us);
  return admission;
}

bool RateLimiter::is_blocked(const Cell& cell, std::int64_t now) const {
  return cell.full_at_us - now > burst_us_ - permit_us_;
}

RateLimiter::Cell& RateLimiter::cell_for(Set& set, std::uint64_t fingerprint, std::int64_t now) const {
  Cell* room = nullptr;
  for (auto& cell : set.cells) {
    if (cell.fingerprint == fingerprint) return cell;
    if (!is_blocked(cell, now) && (room == nullptr || cell.full_at_us < room->full_at_us)) room = &cell;
  }
  if (room == nullptr) return set.shared;
  *room = Cell{.fingerprint = fingerprint, .full_at_us = now};
  return *room;
}

Admission RateLimiter::admit(std::string_view key, std::uint32_t cost) {
  const std::int64_t cost_us = permit_us_ * std::clamp<std::int64_t>(cost, 1, limit_.burst);
  const std::int64_t now = now_us();
  if (!limit_.enabled) return judge(now, now, permit_us_);
  const auto fingerprint = fingerprint_of(key);
  const std::size_t index = (fingerprint >> 8) & (sets_.size() - 1);
  const std::lock_guard lock(mutexes_[index % stripes]);
  Cell& cell = cell_for(sets_[index], fingerprint, now);
  const Admission admission = judge(cell.full_at_us, now, cost_us);
  if (admission.allowed) cell.full_at_us = std::max(cell.full_at_us, now) + cost_us;
  return admission;
}

Admission RateLimiter::peek(std::string_view key) const {
  const std::int64_t now = now_us();
  if (!limit_.enabled) return judge(now, now, permit_us_);
  const auto fingerprint = fingerprint_of(key);
  const std::size_t index = (fingerprint >> 8) & (sets_.size() - 1);
  const std::lock_guard lock(mutexes_[index % stripes]);
  const Set& set = sets_[index];
  bool has_room = false;
  for (const auto& cell : set.cells) {
    if (cell.fingerprint == fingerprint) return judge(cell.full_at_us, now, permit_us_);
    has_room = has_room || !is_blocked(cell, now);
  }
  return judge(has_room ? now : set.shared.full_at_us, now, permit_us_);
}

void RateLimiter::forgive(std::string_view key) {
  if (!limit_.enabled) return;
  const auto fingerprint = fingerprint_of(key);
  const std::size_t index = (fingerprint >> 8) & (sets_.size() - 1);
  const std::lock_guard lock(mutexes_[index % stripes]);
  for (auto& cell : sets_[index].cells)
    if (cell.fingerprint == fingerprint) cell = Cell{};
}

}  // namespace gatehouse
