// HashArena: per-thread memory for Argon2 that survives from one hash to the next, in huge pages where the
// kernel has them. Half of a hash's time is otherwise spent page-faulting fresh memory (docs/adr).
//
// libsodium is linked with --wrap=mmap,--wrap=munmap: an anonymous mapping it asks for on a thread that
// has an arena is served from the arena. The memory is wiped by libsodium's own clearing of its blocks.
#pragma once

#include <cstddef>

namespace gatehouse::crypto {

class HashArena {
 public:
  // Serves mappings up to `bytes` on this thread, until destroyed. Not nestable.
  static void reserve_on_this_thread(std::size_t bytes);
  // Gives this thread's arena back to the kernel (an idle server should be small); made again at need.
  static void release_on_this_thread();
};

}  // namespace gatehouse::crypto
