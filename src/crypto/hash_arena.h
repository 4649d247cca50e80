// HashArena: per-thread memory for Argon2 that survives from one hash to the next, in huge pages where the
// kernel has them. Half of a hash's time is otherwise spent page-faulting fresh memory (docs/adr).
//
// libsodium is linked with --wrap=mmap,--wrap=munmap: the one mapping that a hash asks for is served from the
// arena of its thread, if it has one; every other call, and every thread without an arena, goes to the kernel as it is.
//
// libsodium does not clear its blocks: after a hash the arena holds what was computed from that password. It is not
// wiped between hashes: that would cost 3 ms of 10, the next hash overwrites all of it, and who can read this process
// can read the passwords themselves. It is left out of core dumps (MADV_DONTDUMP) and wiped before it is given back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gatehouse::crypto {

class HashArena {
 public:
  // Serves mappings up to `bytes` on this thread from its next hash on, until the thread ends. Cheap when it is
  // reserved already: call it before each hash. Not from within a hash.
  static void reserve_on_this_thread(std::size_t bytes);
  // Gives this thread's arena back to the kernel (an idle server should be small); the next hash makes it again.
  static void release_on_this_thread();

  // What the arena of this thread got, for a log line or a benchmark: reads /proc, slow.
  struct Memory {
    std::size_t bytes = 0;       // mapped now; 0: none, or released
    std::size_t huge_bytes = 0;  // of them in huge pages; filled by the first hash
    std::uint64_t served = 0;    // mappings served on this thread so far
  };
  [[nodiscard]] static Memory memory_on_this_thread();
};

}  // namespace gatehouse::crypto
