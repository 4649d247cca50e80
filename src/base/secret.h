// Secret<T>: a value that must not be printed, compared in variable time, or copied by accident.
//
// Moves, never copies (copy() is explicit), and is wiped when destroyed or moved from. T is std::string
// or std::array<std::uint8_t, N>. Only reveal() shows the value; tests/house lists the files that may.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace gatehouse {

// Overwrites memory in a way the optimiser may not remove.
void wipe(void* data, std::size_t size) noexcept;
// Wipes a string's whole capacity and empties it.
void wipe(std::string& text) noexcept;

template <class T>
class Secret {
 public:
  Secret() = default;
  explicit Secret(T value) noexcept : value_(std::move(value)) { clear(value); }  // a short string is copied by a move
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { clear(other.value_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      clear(value_);
      value_ = std::move(other.value_);
      clear(other.value_);
    }
    return *this;
  }
  ~Secret() { clear(value_); }

  [[nodiscard]] const T& reveal() const noexcept { return value_; }
  [[nodiscard]] Secret copy() const { return Secret(value_); }

 private:
  static void clear(T& value) noexcept {
    if constexpr (requires { value.capacity(); }) {
      wipe(value);
    } else {
      wipe(value.data(), value.size());
    }
  }
  T value_{};
};

using SecretString = Secret<std::string>;
using SecretKey = Secret<std::array<std::uint8_t, 32>>;  // 256-bit symmetric key

}  // namespace gatehouse
