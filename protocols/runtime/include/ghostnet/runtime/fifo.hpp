// Fifo: a queue in one block of memory that doubles when it is full; an empty one that was never used holds none.
// Its owner bounds it. Unlike std::deque it allocates nothing in the steady state, and nothing before its first item.
#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace ghostnet {

template <class T>
class Fifo {
 public:
  Fifo() = default;
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;
  ~Fifo() {
    while (!empty()) drop_front();
    release(items_, capacity_);
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& front() {
    assert(!empty());
    return items_[first_];
  }

  void push_back(T&& item) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    new (items_ + ((first_ + size_) & (capacity_ - 1))) T(std::move(item));
    ++size_;
  }

  T pop_front() {
    T item(std::move(front()));
    drop_front();
    return item;
  }

 private:
  static constexpr std::size_t kFirstCapacity = 4;

  void drop_front() {
    items_[first_].~T();
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
  }

  void grow() {
    std::size_t capacity = capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
    T* items = std::allocator<T>().allocate(capacity);
    for (std::size_t i = 0; i < size_; ++i) {
      T& item = items_[(first_ + i) & (capacity_ - 1)];
      new (items + i) T(std::move(item));
      item.~T();  // NOLINT: what was moved from still ends
    }
    release(items_, capacity_);
    items_ = items;
    capacity_ = capacity;
    first_ = 0;
  }

  static void release(T* items, std::size_t capacity) {
    if (items != nullptr) std::allocator<T>().deallocate(items, capacity);
  }

  T* items_ = nullptr;
  std::size_t capacity_ = 0;  // a power of two, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace ghostnet
