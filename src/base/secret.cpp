#include "base/secret.h"

#include <cstring>

namespace gatehouse {

void wipe(void* data, std::size_t size) noexcept {
  if (size == 0) return;
  std::memset(data, 0, size);
  asm volatile("" : : "r"(data) : "memory");  // keeps the store: the buffer may be read behind our back
}

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // within capacity: cannot throw
  wipe(text.data(), text.size());
  text.clear();
}

}  // namespace gatehouse
