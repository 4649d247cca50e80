// Call: what travels with every request through every door: deadline, correlation, trace, caller.
//
// Trivially copyable, passed by value. The deadline is absolute inside a process, remaining milliseconds
// on the wire, and only ever shrinks.
#pragma once

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"

namespace gatehouse {

struct Caller {
  UserId user_id;          // nil: nobody has been authenticated
  SessionId session_id;
  InlineString<46> source; // address of the client, IPv6 grouped by /64; the key of per-source limits
  [[nodiscard]] bool is_authenticated() const { return !user_id.is_nil(); }
};

struct Call {
  SteadyTime deadline = SteadyTime::max();
  InlineString<64> correlation_id;
  InlineString<56> trace_parent;  // W3C Trace Context `traceparent`
  Caller caller;

  [[nodiscard]] bool is_expired(SteadyTime now) const { return now >= deadline; }
  [[nodiscard]] Call before(SteadyTime earlier) const {
    Call narrowed = *this;
    narrowed.deadline = std::min(deadline, earlier);
    return narrowed;
  }
};

}  // namespace gatehouse
