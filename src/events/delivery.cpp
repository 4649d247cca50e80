#include "events/delivery.h"

#include <algorithm>

namespace gatehouse::events {

Outlook outlook_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::not_found:
    case Code::already_exists:
    case Code::out_of_range:
    case Code::unimplemented: return Outlook::hopeless;
    case Code::unavailable:
    case Code::deadline_exceeded:
    case Code::resource_exhausted:
    case Code::cancelled: return Outlook::away;
    case Code::unknown:
    case Code::permission_denied:
    case Code::failed_precondition:
    case Code::aborted:
    case Code::internal:
    case Code::data_loss:
    case Code::unauthenticated: return Outlook::poisoned;
  }
  return Outlook::poisoned;
}

Delivery::Delivery(DeliveryOptions options, std::int64_t offset, std::vector<ParkedEvent> parked, Now now)
    : options_(options), offset_(offset) {
  for (auto& event : parked) {
    const auto wait = std::clamp(event.next_at - now.wall, Milliseconds{0}, options_.backoff_max);
    put(std::move(event), now.steady + wait);
  }
}

void Delivery::put(ParkedEvent event, SteadyTime due) {
  const auto offset = event.logged.offset;
  auto& lane = lanes_[event.logged.event.subject];
  if (!lane.empty()) unlist_head(lane);
  lane.insert(offset);
  parked_.insert_or_assign(offset, Entry{std::move(event), due});
  list_head(lane);
}

void Delivery::remove(const LoggedEvent& logged) {
  const auto found = lanes_.find(logged.event.subject);
  if (found == lanes_.end() || !found->second.contains(logged.offset)) return;
  auto& lane = found->second;
  unlist_head(lane);
  lane.erase(logged.offset);
  parked_.erase(logged.offset);
  if (lane.empty())
    lanes_.erase(found);
  else
    list_head(lane);
}

ParkedEvent Delivery::wait_behind(LoggedEvent logged, Now now) {
  ParkedEvent event{.logged = std::move(logged), .next_at = now.wall};
  put(event, now.steady);
  return event;
}

std::optional<ParkedEvent> Delivery::due(Now now) const {
  if (heads_.empty() || heads_.begin()->first > now.steady) return std::nullopt;
  return parked_.at(heads_.begin()->second).event;
}

std::optional<Milliseconds> Delivery::until_due(Now now) const {
  if (heads_.empty()) return std::nullopt;
  const auto wait = std::chrono::ceil<Milliseconds>(heads_.begin()->first - now.steady);
  return std::max(wait, Milliseconds{0});
}

void Delivery::on_success(const ParkedEvent& tried) { remove(tried.logged); }

Delivery::Verdict Delivery::on_failure(ParkedEvent tried, Code code, Now now, Random& random) {
  const auto outlook = outlook_of(code);
  ++(outlook == Outlook::away ? tried.waits : tried.attempts);
  if (outlook == Outlook::hopeless || tried.attempts >= options_.attempts_max) {
    remove(tried.logged);
    return {.is_dead = true, .event = std::move(tried)};
  }
  const auto wait = backoff(tried.attempts + tried.waits, random);
  tried.next_at = now.wall + wait;
  remove(tried.logged);  // its place in heads_ is keyed by when it was due
  put(tried, now.steady + wait);
  return {.is_dead = false, .event = std::move(tried)};
}

// Doubling, cut at the maximum, then a uniform draw from its upper half: tries of many events spread out, and none
// comes sooner than half of what was meant ("equal jitter", Brooker 2015).
Milliseconds Delivery::backoff(std::uint32_t tries, Random& random) const {
  const auto doublings = std::min(tries - 1, 30U);
  const auto longest = std::min(options_.backoff_max, options_.backoff_min * (std::int64_t{1} << doublings));
  const auto half = longest / 2;
  return half + Milliseconds{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(longest.count() - half.count()) + 1))};
}

}  // namespace gatehouse::events
