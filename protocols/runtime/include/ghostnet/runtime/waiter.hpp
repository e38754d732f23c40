// What a suspended coroutine leaves behind: one intrusive node, and the lists that hold it.
//
// A Waiter stands in exactly one list at a time: the wait list of what it waits for, or the ready list of its Loop.
// Its destructor unlinks it from whichever holds it. That is all that cancellation by dropping needs: destroying a
// coroutine frame destroys its awaiter, and nothing anywhere still points to it.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>

namespace ghostnet {

class Loop;
class Spawned;
class PromiseBase;

// A node of a circular doubly linked list, and also the list's head. Unlinked: both pointers null.
class ListLink {
 public:
  ListLink() = default;
  ListLink(ListLink&& other) noexcept { assert(!other.linked()); }  // only while unlinked: places are not inherited
  ListLink& operator=(ListLink&&) = delete;
  ~ListLink() { unlink(); }

  bool linked() const { return next_ != nullptr; }

  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 private:
  template <class T>
  friend class IntrusiveList;

  ListLink* prev_ = nullptr;
  ListLink* next_ = nullptr;
};

// FIFO of objects that derive from ListLink. Owns none of them.
template <class T>
class IntrusiveList {
 public:
  IntrusiveList() { head_.prev_ = head_.next_ = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  ~IntrusiveList() {
    while (!empty()) head_.next_->unlink();
    head_.prev_ = head_.next_ = nullptr;
  }

  bool empty() const { return head_.next_ == &head_; }
  T& front() { return static_cast<T&>(*head_.next_); }

  void push_back(T& item) {
    ListLink& link = item;
    assert(!link.linked());
    link.prev_ = head_.prev_;
    link.next_ = &head_;
    head_.prev_->next_ = &link;
    head_.prev_ = &link;
  }

  T& pop_front() {
    assert(!empty());
    ListLink& first = *head_.next_;
    head_.next_ = first.next_;
    first.next_->prev_ = &head_;
    first.prev_ = first.next_ = nullptr;
    return static_cast<T&>(first);
  }

  // Calls visit(item) for each in order; visit may unlink the item it is given, and returns false to stop.
  template <class Visit>
  void for_each(Visit visit) {
    for (ListLink* link = head_.next_; link != &head_;) {
      ListLink* next = link->next_;
      if (!visit(static_cast<T&>(*link))) return;
      link = next;
    }
  }

 private:
  ListLink head_;
};

// Told that something it started has finished.
class Completion {
 public:
  // Returns the coroutine to continue with, or null for none. May destroy what finished, and this object.
  virtual PromiseBase* completed() noexcept = 0;

  // The root task on whose behalf this runs; see PromiseBase::root.
  virtual Spawned* root() const noexcept = 0;

 protected:
  Completion() = default;
  Completion(Completion&&) = default;
  ~Completion() = default;
};

// Who goes on when an operation finishes: a coroutine or a Completion. One tagged pointer.
//
// A task that a Scope owns is awaited by nobody. In its place stands the third kind, which is the task's own affair:
// see Spawned.
class Continuation {
 public:
  Continuation() = default;
  explicit Continuation(PromiseBase& promise) : bits_(reinterpret_cast<std::uintptr_t>(&promise)) {}
  explicit Continuation(Completion& completion) : bits_(reinterpret_cast<std::uintptr_t>(&completion) | kCompletion) {}
  static Continuation of_spawned(void* own) {
    Continuation spawned;
    spawned.bits_ = reinterpret_cast<std::uintptr_t>(own) | kSpawned;
    return spawned;
  }

  explicit operator bool() const { return bits_ != 0; }
  bool is_coroutine() const { return (bits_ & kTags) == 0; }
  bool is_completion() const { return (bits_ & kTags) == kCompletion; }
  bool is_spawned() const { return (bits_ & kTags) == kSpawned; }

  PromiseBase* coroutine() const { return reinterpret_cast<PromiseBase*>(bits_); }
  Completion* completion() const { return reinterpret_cast<Completion*>(bits_ & ~kTags); }
  void* own() const { return reinterpret_cast<void*>(bits_ & ~kTags); }

  // The root task behind this continuation; null at the edge of the runtime.
  inline Spawned* root() const;

  // The coroutine to run now that what this continuation waited for has finished; null for none.
  PromiseBase* next() const { return is_coroutine() ? coroutine() : completion()->completed(); }

 private:
  static constexpr std::uintptr_t kCompletion = 1;
  static constexpr std::uintptr_t kSpawned = 2;
  static constexpr std::uintptr_t kTags = 3;

  std::uintptr_t bits_ = 0;
};

class Waiter : public ListLink {
 public:
  Waiter() = default;
  explicit Waiter(Continuation continuation) : continuation_(continuation) {}

  // Who goes on when this waiter is woken and the loop comes to it.
  void continue_with(Continuation continuation) { continuation_ = continuation; }
  Continuation continuation() const { return continuation_; }

 private:
  Continuation continuation_;
};

using WaitList = IntrusiveList<Waiter>;

// The part of every task's promise that does not depend on its type.
class PromiseBase {
 public:
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  // Who awaits this task.
  Continuation awaited_by() const { return awaited_by_; }
  // The spawned task on whose stack of awaits this one stands. Not once the task has failed.
  Spawned* root() const { return reinterpret_cast<Spawned*>(root_or_failure_); }
  void set_awaited_by(Continuation continuation) { awaited_by_ = continuation; }
  void set_awaited_by(Continuation continuation, Spawned* root) {
    awaited_by_ = continuation;
    root_or_failure_ = reinterpret_cast<std::uintptr_t>(root);
  }

  // The exception that ended the task. It takes the place of the root, which an ended task does not need.
  bool failed() const { return (root_or_failure_ & kFailed) != 0; }
  void keep_failure(std::exception_ptr failure);
  const std::exception_ptr& failure() const {
    return *reinterpret_cast<std::exception_ptr*>(root_or_failure_ & ~kFailed);
  }
  [[noreturn]] void rethrow_failure() const;

  std::coroutine_handle<> handle() {
    // A promise stands directly behind the two pointers of its frame's header, whatever its own type,
    // as long as it is not over-aligned; Task asserts that.
    return std::coroutine_handle<PromiseBase>::from_promise(*this);
  }

 protected:
  PromiseBase() = default;
  ~PromiseBase() {
    if (failed()) [[unlikely]]
      forget_failure();
  }

 private:
  static constexpr std::uintptr_t kFailed = 1;

  void forget_failure();

  Continuation awaited_by_;
  std::uintptr_t root_or_failure_ = 0;
};

inline Spawned* Continuation::root() const {
  if (bits_ == 0 || is_spawned()) return nullptr;
  return is_coroutine() ? coroutine()->root() : completion()->root();
}

}  // namespace ghostnet
