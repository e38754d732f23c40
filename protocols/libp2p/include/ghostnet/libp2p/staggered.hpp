// first_to_succeed: several ways to the same end, of which one is enough (RFC 8305 5, "connection attempts").
//
//   std::vector<Task<Result<PeerId>>> dials = ...;                      // lazy: none has begun
//   Result<PeerId> peer = co_await first_to_succeed(host.clock(), std::move(dials), 250ms, 8);
//
// They begin in order, each `stagger` after the one before, or at once when one of those under way failed; at most
// `at_once` are under way. The first that succeeds ends the others; where none does, the last error is returned. Errors
// besides: not_found where there is no way at all. Dropping it drops all.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet::libp2p {

namespace detail {

template <class T>
Task<> send_outcome(Task<Result<T>> attempt, std::shared_ptr<Channel<Result<T>>> outcomes) {
  Result<T> outcome = co_await std::move(attempt);
  static_cast<void>(outcomes->try_send(std::move(outcome)));
}

}  // namespace detail

template <class T>
Task<Result<T>> first_to_succeed(Clock clock, std::vector<Task<Result<T>>> attempts, Duration stagger,
                                 std::size_t at_once) {
  const auto outcomes = std::make_shared<Channel<Result<T>>>(clock.loop(), attempts.size() + 1);
  Result<T> last = fail(Errc::not_found, "there is no address to dial");
  std::size_t next = 0;
  std::size_t under_way = 0;
  Scope scope(clock.loop());
  while (next < attempts.size() || under_way > 0) {
    if (next < attempts.size() && under_way < at_once) {
      scope.spawn(detail::send_outcome(std::move(attempts[next++]), outcomes));
      ++under_way;
    }
    const bool more = next < attempts.size() && under_way < at_once;
    auto first = co_await first_of(outcomes->recv(), clock.sleep(more ? stagger : Duration::max()));
    if (first.index() == 1) continue;
    --under_way;
    std::optional<Result<T>> outcome = std::get<0>(std::move(first));
    last = std::move(*outcome);
    if (last) break;
  }
  co_return last;
}

}  // namespace ghostnet::libp2p
