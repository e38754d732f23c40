// Ring: a first-in-first-out queue in one block of memory that doubles when it is full and never shrinks.
// Its owner bounds it.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace ghostnet::link {

template <class T>
class Ring {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  T& front() { return at(0); }
  const T& front() const { return at(0); }
  const T& back() const { return at(size_ - 1); }

  void push_back(const T& item) {
    if (size_ == items_.size()) grow();
    ++size_;
    at(size_ - 1) = item;
  }

  void pop_front() {
    assert(size_ > 0);
    first_ = (first_ + 1) & (items_.size() - 1);
    --size_;
  }

 private:
  T& at(std::size_t i) { return items_[(first_ + i) & (items_.size() - 1)]; }
  const T& at(std::size_t i) const { return items_[(first_ + i) & (items_.size() - 1)]; }

  void grow() {
    constexpr std::size_t kFirstSize = 8;
    std::vector<T> larger(items_.empty() ? kFirstSize : items_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = at(i);
    items_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> items_;  // a power of two of them, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace ghostnet::link
