#include "crypto/hash_arena.h"

#include <sys/mman.h>
#include <sys/types.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/ensure.h"
#include "base/secret.h"

// The linker's --wrap: calls of mmap come to __wrap_mmap, and __real_mmap is the C library's.
extern "C" {
void* __real_mmap(void* address, std::size_t length, int protection, int flags, int descriptor, off_t offset);
int __real_munmap(void* address, std::size_t length);
void* __wrap_mmap(void* address, std::size_t length, int protection, int flags, int descriptor, off_t offset);
int __wrap_munmap(void* address, std::size_t length);
}

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
constexpr int kFlagsOfAHash = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;  // what libsodium's Argon2 passes

// Plain data without a destructor: mmap may be called at any moment of a thread's life, before and after ours.
struct Arena {
  char* base = nullptr;    // aligned to a huge page; null: not mapped
  std::size_t bytes = 0;   // mapped at base
  std::size_t wanted = 0;  // what to map when a hash asks; 0: this thread has no arena
  bool is_lent = false;
  bool is_used = false;  // holds what a hash left
  std::uint64_t served = 0;
};
constinit thread_local Arena arena;

void unmap() {
  if (arena.base == nullptr) return;
  if (arena.is_used) wipe(arena.base, arena.bytes);
  __real_munmap(arena.base, arena.bytes);
  arena.base = nullptr;
  arena.bytes = 0;
  arena.is_used = false;
}

// Maps arena.wanted bytes at an address where the kernel can use huge pages from the first octet on.
bool map() {
  const std::size_t bytes = arena.wanted, slack = bytes + kHugePageBytes;
  void* const got = __real_mmap(nullptr, slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) return false;
  auto* const first = static_cast<char*>(got);
  const auto before = (kHugePageBytes - reinterpret_cast<std::uintptr_t>(first) % kHugePageBytes) % kHugePageBytes;
  if (before > 0) __real_munmap(first, before);
  __real_munmap(first + before + bytes, kHugePageBytes - before);
  arena.base = first + before;
  arena.bytes = bytes;
  ::madvise(arena.base, bytes, MADV_HUGEPAGE);  // a kernel without huge pages refuses: small ones do as well
  ::madvise(arena.base, bytes, MADV_DONTDUMP);
  return true;
}

void* lend() {
  if (arena.is_lent || (arena.base == nullptr && !map())) return nullptr;
  arena.is_lent = arena.is_used = true;
  ++arena.served;
  return arena.base;
}

struct ReleaseAtThreadEnd {
  ~ReleaseAtThreadEnd() {
    arena.wanted = 0;
    unmap();
  }
};

bool is_for_a_hash(const void* address, std::size_t length, int protection, int flags, int descriptor) {
  return address == nullptr && length > 0 && length <= arena.wanted && protection == (PROT_READ | PROT_WRITE) &&
         flags == kFlagsOfAHash && descriptor == -1;
}

// AnonHugePages of the mapping that holds `address`.
std::size_t huge_bytes_at(const void* address) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> maps(std::fopen("/proc/self/smaps", "re"), &std::fclose);
  char line[512];
  bool is_inside = false;
  while (maps != nullptr && std::fgets(line, sizeof line, maps.get()) != nullptr) {
    std::uintptr_t from = 0, to = 0;
    std::size_t kib = 0;
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2) is_inside = from <= at && at < to;
    if (is_inside && std::sscanf(line, "AnonHugePages: %zu kB", &kib) == 1) return kib * 1024;
  }
  return 0;
}

}  // namespace

void HashArena::reserve_on_this_thread(std::size_t bytes) {
  thread_local const ReleaseAtThreadEnd at_end;
  const auto rounded = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  if (rounded <= arena.wanted) return;
  ensure(!arena.is_lent, "a hash arena cannot grow during a hash");
  unmap();
  arena.wanted = rounded;
}

void HashArena::release_on_this_thread() {
  ensure(!arena.is_lent, "a hash arena cannot be released during a hash");
  unmap();
}

HashArena::Memory HashArena::memory_on_this_thread() {
  Memory memory{.bytes = arena.bytes, .served = arena.served};
  if (arena.base != nullptr) memory.huge_bytes = std::min(huge_bytes_at(arena.base), arena.bytes);
  return memory;
}

}  // namespace gatehouse::crypto

// The lent memory is not zeroed, as a fresh mapping would be: Argon2 writes each block before it reads it.
void* __wrap_mmap(void* address, std::size_t length, int protection, int flags, int descriptor, off_t offset) {
  using namespace gatehouse::crypto;
  if (arena.wanted > 0 && is_for_a_hash(address, length, protection, flags, descriptor))
    if (void* const lent = lend(); lent != nullptr) return lent;
  return __real_mmap(address, length, protection, flags, descriptor, offset);
}

int __wrap_munmap(void* address, std::size_t length) {
  using namespace gatehouse::crypto;
  if (!arena.is_lent || address != arena.base) return __real_munmap(address, length);
  arena.is_lent = false;
  return 0;
}
