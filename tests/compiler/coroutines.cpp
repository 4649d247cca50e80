// Compiler self-test: coroutine cases that some compilers miscompile (GCC 12 destroys captured lambdas and
// aggregates inside a co_await expression twice, and does not tail-call symmetric transfer in debug and sanitizer
// builds). It runs first in CI, on bare C++ with no library of ours: when it fails, no other test means anything.
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

namespace {

template <class T>
class Task {
 public:
  struct promise_type {
    T value{};
    std::coroutine_handle<> continuation = std::noop_coroutine();
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    auto final_suspend() noexcept {
      struct Resume {
        bool await_ready() noexcept { return false; }
        std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
          return self.promise().continuation;
        }
        void await_resume() noexcept {}
      };
      return Resume{};
    }
    void return_value(T result) { value = std::move(result); }
    void unhandled_exception() { std::terminate(); }
  };

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool await_ready() { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(handle_.promise().value); }
  T run() {
    handle_.resume();
    return std::move(handle_.promise().value);
  }

 private:
  std::coroutine_handle<promise_type> handle_;
};

// Counts its own lives: made minus destroyed is zero at the end, and never below.
struct Counted {
  static inline int alive = 0;
  std::string text = std::string(64, 'x');  // long enough to be on the heap, where a second free is seen
  Counted() { ++alive; }
  Counted(const Counted& other) : text(other.text) { ++alive; }
  Counted(Counted&& other) noexcept : text(std::move(other.text)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  Counted& operator=(Counted&&) = default;
  ~Counted() { --alive; }
};

struct Options {
  Counted one;
  std::string two = std::string(64, 'y');
};

Task<int> ready(int value) { co_return value; }

template <class Function>
Task<std::size_t> call(Function function) {
  co_await ready(0);
  co_return function();
}
Task<std::size_t> call_erased(std::function<std::size_t()> function) {
  co_await ready(0);
  co_return function();
}
Task<std::size_t> take(Options options) {
  co_await ready(0);
  co_return options.one.text.size() + options.two.size();
}
Task<std::size_t> take_list(std::initializer_list<std::string> words) {
  std::size_t size = 0;
  for (const auto& word : words) size += word.size();
  co_return size;
}
Task<std::size_t> use(const Counted& borrowed) {
  co_await ready(0);
  co_return borrowed.text.size();
}

Task<std::size_t> lambda_in_await() {
  Counted captured;
  co_return co_await call([captured] { return captured.text.size(); });
}
Task<std::size_t> erased_lambda_in_await() {
  Counted captured;
  co_return co_await call_erased([captured] { return captured.text.size(); });
}
Task<std::size_t> aggregate_in_await() {
  co_return co_await take({.one = Counted{}, .two = std::string(64, 'z')});
}
Task<std::size_t> initializer_list_in_await() {
  co_return co_await take_list({std::string(64, 'a'), std::string(64, 'b')});
}
Task<std::size_t> temporary_outlives_the_await() { co_return co_await use(Counted{}) + co_await use(Counted{}); }
Task<std::size_t> long_run_of_ready_awaits() {
  std::size_t sum = 0;
  for (int i = 0; i < 2'000'000; ++i) sum += static_cast<std::size_t>(co_await ready(1));
  co_return sum;
}

int failures = 0;

void check(const char* name, Task<std::size_t> task, std::size_t expected) {
  const auto got = task.run();
  const bool is_right = got == expected && Counted::alive == 0;
  std::printf("%-32s %s (%zu, %d alive)\n", name, is_right ? "ok" : "WRONG", got, Counted::alive);
  failures += is_right ? 0 : 1;
}

}  // namespace

int main() {
  check("lambda_in_await", lambda_in_await(), 64);
  check("erased_lambda_in_await", erased_lambda_in_await(), 64);
  check("aggregate_in_await", aggregate_in_await(), 128);
  check("initializer_list_in_await", initializer_list_in_await(), 128);
  check("temporary_outlives_the_await", temporary_outlives_the_await(), 128);
  check("long_run_of_ready_awaits", long_run_of_ready_awaits(), 2'000'000);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
