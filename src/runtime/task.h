// Task<T>: the one coroutine type of the system. It runs on one shard's loop and yields a Result<T>.
//
// Only I/O suspends; deciding is plain code. Every Task is awaited by another or owned by a Scope.
// Take parameters by value or keep what they refer to alive until the Task ends. Name a value before you
// await with it: no temporaries with destructors, and no capturing lambda coroutines (CONTRIBUTING.md).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"

namespace gatehouse {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;

template <class T>
using Async = asio::awaitable<T, Executor>;  // cannot fail
template <class T>
using Task = Async<Result<T>>;

inline constexpr asio::use_awaitable_t<Executor> use_async{};

}  // namespace gatehouse
