#include "ghostnet/tcp/scoreboard.hpp"

namespace ghostnet::tcp {

void Scoreboard::grow() {
  std::uint32_t capacity = capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
  auto* records = static_cast<SentRecord*>(FramePool::take(capacity * sizeof(SentRecord)));
  for (std::uint32_t i = 0; i < size_; ++i) records[i] = (*this)[i];
  std::uint32_t size = size_;
  release();
  records_ = records;
  capacity_ = capacity;
  size_ = size;
}

void Scoreboard::release() {
  if (records_ != nullptr) FramePool::give_back(records_, capacity_ * sizeof(SentRecord));
  records_ = nullptr;
  capacity_ = head_ = size_ = 0;
}

void Scoreboard::split(std::uint32_t i, std::uint32_t first_length) {
  assert(first_length > 0 && first_length < (*this)[i].length);
  push_back(SentRecord(back()));  // a copy, since growing moves what back() refers to
  for (std::uint32_t j = size_ - 2; j > i; --j) (*this)[j] = (*this)[j - 1];
  SentRecord& first = (*this)[i];
  SentRecord second = first;
  second.start = first.start + first_length;
  second.length = first.length - first_length;
  first.length = first_length & 0xff'ffff;
  first.fin = 0;
  (*this)[i + 1] = second;
}

std::uint32_t Scoreboard::find(SeqNumber at) {
  std::uint32_t low = 0;
  std::uint32_t high = size_;
  while (low < high) {
    std::uint32_t middle = low + (high - low) / 2;
    if ((*this)[middle].end() <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace ghostnet::tcp
