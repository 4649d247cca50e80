// InFlight: the attempts whose passwords are being looked at, counted before any of them is, so that parallel guesses get
// no more than guesses one after another. In memory: what a crash takes away has had no answer.
//
// Shared by all shards; a mutex, held for a few map operations. It outlives its reservations.
#pragma once

#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "credential/lockout.h"

namespace gatehouse::credential {

// What an attempt is counted against, as keyed hashes.
struct AttemptKeys {
  Digest account_source{};
  Digest source{};
  Digest account{};  // for the rate of events alone
  std::optional<Digest> typed_source;
};

class InFlight {
 public:
  // An attempt's place, given back when it goes: once its failure is stored, its success known, or nothing verified.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : in_flight_(std::exchange(other.in_flight_, nullptr)), keys_(std::move(other.keys_)) {}
    Reservation& operator=(Reservation&& other) noexcept {
      std::swap(in_flight_, other.in_flight_);
      std::swap(keys_, other.keys_);
      return *this;
    }
    ~Reservation() {
      if (in_flight_ != nullptr) in_flight_->remove(keys_);
    }

   private:
    friend class InFlight;
    Reservation(InFlight& in_flight, const AttemptKeys& keys) : in_flight_(&in_flight), keys_(keys) {}
    InFlight* in_flight_ = nullptr;
    AttemptKeys keys_;
  };

  // Takes a place and tells who else has one.
  [[nodiscard]] std::pair<Reservation, lockout::Others> reserve(const AttemptKeys& keys) {
    const std::lock_guard lock(mutex_);
    const lockout::Others others{.account_source = counts_[keys.account_source]++,
                                 .source = counts_[keys.source]++,
                                 .typed = keys.typed_source ? counts_[*keys.typed_source]++ : 0};
    return {Reservation(*this, keys), others};
  }

 private:
  struct FirstOctets {  // of a keyed hash: as good as random
    std::size_t operator()(const Digest& digest) const {
      std::size_t first = 0;
      std::memcpy(&first, digest.data(), sizeof first);
      return first;
    }
  };

  void remove(const AttemptKeys& keys) {
    const std::lock_guard lock(mutex_);
    remove_one(keys.account_source);
    remove_one(keys.source);
    if (keys.typed_source) remove_one(*keys.typed_source);
  }
  void remove_one(const Digest& key) {
    const auto found = counts_.find(key);
    if (--found->second == 0) counts_.erase(found);
  }

  std::mutex mutex_;
  std::unordered_map<Digest, std::uint32_t, FirstOctets> counts_;
};

}  // namespace gatehouse::credential
