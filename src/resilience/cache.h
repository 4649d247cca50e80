// Cache: a bounded map from key to value for one shard, with S3-FIFO eviction (Yang et al., SOSP 2023): a key seen
// once leaves through a small queue, so that a scan over a million keys does not push out the ones in use.
//
// A value that was read from a store before a change must not come back after it. So a fill takes a
// ticket before it reads, and put() refuses a ticket when the key has been invalidated since. Invalidations
// are counted in a fixed table of counters that keys share by hash: a clash costs one refused fill, never a stale
// value. Lookup takes anything that Hash and Equal take (both transparent) and allocates nothing.
// One shard's thread only. Pointers from find() hold until the next call that is not find().
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace gatehouse {

// Transparent hash for string keys.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<>>
class Cache {
 public:
  class Ticket {
    friend class Cache;
    std::size_t hash_ = 0;
    std::uint64_t generation_ = 0;
    bool any_key_ = false;
  };
  struct Stats {
    std::uint64_t hits = 0, misses = 0, evictions = 0, refused_fills = 0;
  };

  Cache(std::size_t entries_max, Milliseconds lifetime, const Clock& clock)
      : entries_max_(std::max<std::size_t>(entries_max, 2)),
        lifetime_(lifetime),
        clock_(clock),
        buckets_(std::bit_ceil(entries_max_), none),
        ghosts_(buckets_.size()) {}

  // Null when absent or older than the lifetime.
  template <class K>
  [[nodiscard]] const Value* find(const K& key) {
    const Index at = locate(hash_of(key), key);
    if (at == none || clock_.steady() >= slots_[at].expires_at) return ++stats_.misses, nullptr;
    slots_[at].uses = static_cast<std::uint8_t>(std::min(slots_[at].uses + 1, 3));
    return ++stats_.hits, &slots_[at].value;
  }

  // Take it before reading from the store what put() will bring.
  template <class K>
  [[nodiscard]] Ticket begin_fill(const K& key) const {
    Ticket ticket;
    ticket.hash_ = hash_of(key);
    ticket.generation_ = generations_[ticket.hash_ % generations_.size()];
    return ticket;
  }

  // For a key that only the read itself will tell: refused when any key has been invalidated since.
  [[nodiscard]] Ticket begin_fill_any() const {
    Ticket ticket;
    ticket.generation_ = invalidations_;
    ticket.any_key_ = true;
    return ticket;
  }

  // False, and nothing is stored, when the key may have been invalidated since the ticket was taken.
  bool put(const Ticket& ticket, Key key, Value value) {
    const std::size_t hash = hash_of(key);
    const bool is_current =
        ticket.any_key_ ? ticket.generation_ == invalidations_
                        : ticket.hash_ == hash && ticket.generation_ == generations_[hash % generations_.size()];
    if (!is_current) return ++stats_.refused_fills, false;
    const SteadyTime expires_at = clock_.steady() + lifetime_;
    if (const Index at = locate(hash, key); at != none) {
      slots_[at].value = std::move(value);
      slots_[at].expires_at = expires_at;
      return true;
    }
    while (small_.size + main_.size >= entries_max_) evict_one();
    insert(hash, std::move(key), std::move(value), expires_at);
    return true;
  }

  // Forgets the key and refuses every fill that is under way for it.
  template <class K>
  void invalidate(const K& key) {
    const std::size_t hash = hash_of(key);
    ++generations_[hash % generations_.size()];
    ++invalidations_;
    if (const Index at = locate(hash, key); at != none) remove(at);
  }
  void clear() {
    for (auto& generation : generations_) ++generation;
    ++invalidations_;
    for (Index at = 0; at < slots_.size(); ++at)
      if (slots_[at].in_use) remove(at);
  }

  [[nodiscard]] std::size_t size() const { return small_.size + main_.size; }
  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  using Index = std::uint32_t;
  static constexpr Index none = ~Index{0};
  struct Slot {
    Key key{};
    Value value{};
    SteadyTime expires_at{};
    std::size_t hash = 0;
    Index next_in_bucket = none, older = none, newer = none;
    std::uint8_t uses = 0;
    bool in_main = false, in_use = false;
  };
  struct Queue {  // newest at the head, oldest at the tail
    Index head = none, tail = none;
    std::size_t size = 0;
  };
  struct Ghost {  // a hash that was evicted from the small queue, and when
    std::uint32_t mark = 0;
    std::uint64_t evicted_at = 0;
  };

  template <class K>
  [[nodiscard]] std::size_t hash_of(const K& key) const {
    const std::uint64_t mixed = static_cast<std::uint64_t>(Hash{}(key)) * 0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
  }
  [[nodiscard]] Index& bucket_of(std::size_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  template <class K>
  [[nodiscard]] Index locate(std::size_t hash, const K& key) {
    Index at = bucket_of(hash);
    while (at != none && !(slots_[at].hash == hash && Equal{}(slots_[at].key, key))) at = slots_[at].next_in_bucket;
    return at;
  }

  void insert(std::size_t hash, Key key, Value value, SteadyTime expires_at) {
    Index at = free_;
    if (at == none) {
      at = static_cast<Index>(slots_.size());
      slots_.emplace_back();
    } else {
      free_ = slots_[at].next_in_bucket;
    }
    Slot& slot = slots_[at];
    slot = Slot{.key = std::move(key),
                .value = std::move(value),
                .expires_at = expires_at,
                .hash = hash,
                .next_in_bucket = bucket_of(hash),
                .in_main = was_evicted_lately(hash),
                .in_use = true};
    bucket_of(hash) = at;
    push_newest(at);
  }
  void remove(Index at) {
    unlink(at);
    Index* link = &bucket_of(slots_[at].hash);
    while (*link != at) link = &slots_[*link].next_in_bucket;
    *link = slots_[at].next_in_bucket;
    slots_[at] = Slot{.next_in_bucket = free_};
    free_ = at;
  }

  [[nodiscard]] Queue& queue_of(const Slot& slot) { return slot.in_main ? main_ : small_; }
  void push_newest(Index at) {
    Queue& queue = queue_of(slots_[at]);
    slots_[at].older = queue.head;
    slots_[at].newer = none;
    (queue.head == none ? queue.tail : slots_[queue.head].newer) = at;
    queue.head = at;
    ++queue.size;
  }
  void unlink(Index at) {
    Slot& slot = slots_[at];
    Queue& queue = queue_of(slot);
    (slot.newer == none ? queue.head : slots_[slot.newer].older) = slot.older;
    (slot.older == none ? queue.tail : slots_[slot.older].newer) = slot.newer;
    --queue.size;
  }

  void evict_one() {
    const bool from_small = small_.size * 10 >= entries_max_ || main_.size == 0;
    const Index at = from_small ? small_.tail : main_.tail;
    Slot& slot = slots_[at];
    const bool is_wanted = from_small ? slot.uses > 1 : slot.uses > 0;
    if (is_wanted) {
      unlink(at);
      slot.uses = from_small ? 0 : static_cast<std::uint8_t>(slot.uses - 1);
      slot.in_main = true;
      return push_newest(at);
    }
    if (from_small) remember_eviction(slot.hash);
    remove(at);
    ++stats_.evictions;
  }
  static std::uint32_t mark_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 32) | 1U; }
  void remember_eviction(std::size_t hash) {
    ghosts_[hash & (ghosts_.size() - 1)] = {.mark = mark_of(hash), .evicted_at = ++evicted_};
  }
  [[nodiscard]] bool was_evicted_lately(std::size_t hash) const {
    const Ghost& ghost = ghosts_[hash & (ghosts_.size() - 1)];
    return ghost.mark == mark_of(hash) && evicted_ - ghost.evicted_at < entries_max_;
  }

  const std::size_t entries_max_;
  const Milliseconds lifetime_;
  const Clock& clock_;
  std::vector<Slot> slots_;
  std::vector<Index> buckets_;
  std::vector<Ghost> ghosts_;
  std::array<std::uint64_t, 1024> generations_{};
  Queue small_, main_;
  Index free_ = none;
  std::uint64_t evicted_ = 0, invalidations_ = 0;
  Stats stats_;
};

}  // namespace gatehouse
