// Event, Semaphore and Channel<T>: how tasks of one loop meet.
//
// None of them locks: they belong to one thread of control. Wake-ups are FIFO. An item or a permit is taken when the
// woken coroutine goes on, not before: a receiver that is dropped between the two gives its turn to the next one, so
// nothing is lost (sent = received + queued, always). The object outlives those who wait for it.
#pragma once

#include <cassert>
#include <cstddef>
#include <optional>
#include <utility>

#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/loop.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet {

// Set or not. Waiting for it completes while it is set.
class Event {
 public:
  explicit Event(Loop& loop) : loop_(loop) {}

  void set() {
    set_ = true;
    loop_.wake_all(waiters_);
  }
  void reset() { set_ = false; }
  // Wakes those who wait now, and leaves the event unset.
  void pulse() {
    loop_.wake_all(waiters_);
    set_ = false;
  }
  bool is_set() const { return set_; }

  class WaitAwaiter : public AwaiterBase<WaitAwaiter> {
   public:
    explicit WaitAwaiter(Event& event) : event_(&event) {}
    bool await_ready() const { return event_->set_; }
    PromiseBase* start(Continuation continuation) {
      waiter_.continue_with(continuation);
      event_->waiters_.push_back(waiter_);
      return nullptr;
    }
    void await_resume() {}

   private:
    Event* event_;
    Waiter waiter_;
  };

  WaitAwaiter operator co_await() { return WaitAwaiter(*this); }

 private:
  Loop& loop_;
  WaitList waiters_;
  bool set_ = false;
};

namespace detail {

// A FIFO of waiters for units of something. A woken waiter holds a grant until it runs; dropped, it passes it on.
class GrantQueue {
 public:
  explicit GrantQueue(Loop& loop) : loop_(loop) {}

  class Turn : public Waiter {
   public:
    explicit Turn(GrantQueue& queue) : queue_(&queue) {}
    Turn(Turn&& other) noexcept : Waiter(std::move(other)), queue_(other.queue_) {
      assert(!other.granted_);  // NOLINT: Waiter moved its own part
    }
    ~Turn() {
      if (granted_) queue_->pass_on();
    }
    void wait(Continuation continuation) {
      continue_with(continuation);
      queue_->waiting_.push_back(*this);
    }
    // Where a unit is free now, reserves it until use(): awaiting several things, one may be found ready long before
    // it is taken.
    bool claim(std::size_t units) {
      if (!queue_->available(units)) return false;
      granted_ = true;
      ++queue_->granted_;
      return true;
    }
    // The turn has come and is used up.
    void use() {
      if (!granted_) return;
      granted_ = false;
      --queue_->granted_;
    }

   private:
    friend class GrantQueue;
    GrantQueue* queue_;
    bool granted_ = false;
  };

  // Of `units` present, some may be promised to waiters that have been woken but have not run yet.
  bool available(std::size_t units) const { return units > granted_ && waiting_empty(); }
  // One more unit is there: the first waiter gets a grant.
  void grant_one() {
    if (waiting_.empty()) return;
    Turn& turn = waiting_.front();
    turn.granted_ = true;
    ++granted_;
    loop_.wake(turn);
  }
  void grant_all() {
    while (!waiting_.empty()) grant_one();
  }

 private:
  bool waiting_empty() const { return waiting_.empty(); }
  void pass_on() {
    --granted_;
    grant_one();
  }

  Loop& loop_;
  IntrusiveList<Turn> waiting_;
  std::size_t granted_ = 0;
};

}  // namespace detail

class Semaphore {
 public:
  Semaphore(Loop& loop, std::size_t permits) : permits_(permits), queue_(loop) {}

  // Gives its permit back when destroyed. The semaphore outlives it.
  class [[nodiscard]] Permit {
   public:
    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      if (this != &other) {
        release();
        semaphore_ = std::exchange(other.semaphore_, nullptr);
      }
      return *this;
    }
    ~Permit() { release(); }
    void release() {
      if (semaphore_ != nullptr) std::exchange(semaphore_, nullptr)->give_back();
    }

   private:
    friend class Semaphore;
    explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}
    Semaphore* semaphore_;
  };

  class AcquireAwaiter : public AwaiterBase<AcquireAwaiter> {
   public:
    explicit AcquireAwaiter(Semaphore& semaphore) : semaphore_(&semaphore), turn_(semaphore.queue_) {}
    bool await_ready() { return turn_.claim(semaphore_->permits_); }
    PromiseBase* start(Continuation continuation) {
      turn_.wait(continuation);
      return nullptr;
    }
    Permit await_resume() {
      turn_.use();
      --semaphore_->permits_;
      return Permit(*semaphore_);
    }

   private:
    Semaphore* semaphore_;
    detail::GrantQueue::Turn turn_;
  };

  // Awaitable of a Permit. Cancel-safe.
  AcquireAwaiter acquire() { return AcquireAwaiter(*this); }
  std::optional<Permit> try_acquire() {
    if (!queue_.available(permits_)) return std::nullopt;
    --permits_;
    return Permit(*this);
  }
  std::size_t available() const { return permits_; }

 private:
  void give_back() {
    ++permits_;
    queue_.grant_one();
  }

  std::size_t permits_;
  detail::GrantQueue queue_;
};

// A bounded queue between tasks. recv() yields nullopt once the channel is closed and drained;
// send() waits for room and fails with Errc::closed on a closed channel. Both are cancel-safe:
// an item whose send is dropped was not sent.
template <class T>
class Channel {
 public:
  Channel(Loop& loop, std::size_t capacity) : capacity_(capacity), readers_(loop), writers_(loop) {
    assert(capacity > 0 && "a channel holds an item between sender and receiver");
  }

  // would_block when full, closed when closed; the item is then left as it was.
  Result<void> try_send(T&& item) {
    if (closed_) return fail(Errc::closed);
    if (!writers_.available(room())) return fail(Errc::would_block);
    push(std::move(item));
    return {};
  }
  Result<void> try_send(const T& item) {
    T copy(item);
    return try_send(std::move(copy));
  }

  std::optional<T> try_recv() {
    if (!readers_.available(items_.size())) return std::nullopt;
    return pop();
  }

  class RecvAwaiter : public AwaiterBase<RecvAwaiter> {
   public:
    explicit RecvAwaiter(Channel& channel) : channel_(&channel), turn_(channel.readers_) {}
    // Nobody waits at a closed channel: a promised item goes to whoever comes first, and there is a nullopt for the
    // other.
    bool await_ready() { return turn_.claim(channel_->items_.size()) || channel_->closed_; }
    PromiseBase* start(Continuation continuation) {
      turn_.wait(continuation);
      return nullptr;
    }
    std::optional<T> await_resume() {
      turn_.use();
      if (channel_->items_.empty()) return std::nullopt;
      return channel_->pop();
    }

   private:
    Channel* channel_;
    detail::GrantQueue::Turn turn_;
  };

  class SendAwaiter : public AwaiterBase<SendAwaiter> {
   public:
    SendAwaiter(Channel& channel, T&& item) : channel_(&channel), item_(std::move(item)), turn_(channel.writers_) {}
    bool await_ready() { return channel_->closed_ || turn_.claim(channel_->room()); }
    PromiseBase* start(Continuation continuation) {
      turn_.wait(continuation);
      return nullptr;
    }
    Result<void> await_resume() {
      turn_.use();
      if (channel_->closed_) return fail(Errc::closed);
      channel_->push(std::move(item_));
      return {};
    }

   private:
    Channel* channel_;
    T item_;
    detail::GrantQueue::Turn turn_;
  };

  RecvAwaiter recv() { return RecvAwaiter(*this); }
  SendAwaiter send(T item) { return SendAwaiter(*this, std::move(item)); }

  // No more items come in; what is queued can still be received.
  void close() {
    closed_ = true;
    readers_.grant_all();
    writers_.grant_all();
  }

  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }
  std::size_t capacity() const { return capacity_; }

 private:
  std::size_t room() const { return capacity_ - items_.size(); }

  void push(T&& item) {
    items_.push_back(std::move(item));
    readers_.grant_one();
  }
  T pop() {
    writers_.grant_one();  // joins the ready list; the room is there when it runs
    return items_.pop_front();
  }

  std::size_t capacity_;
  Fifo<T> items_;
  bool closed_ = false;
  detail::GrantQueue readers_;
  detail::GrantQueue writers_;
};

}  // namespace ghostnet
