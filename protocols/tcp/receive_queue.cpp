#include "ghostnet/tcp/receive_queue.hpp"

#include <algorithm>

namespace ghostnet::tcp {

std::uint32_t ReceiveQueue::used_bytes() const {
  return early_ ? readable_ + bytes_between(next_, early_->ranges.back().right) : readable_;
}

void ReceiveQueue::store(SeqNumber at, ByteView bytes) {
  std::uint32_t offset_bytes = readable_ + bytes_between(next_, at);
  ring_.grow(offset_bytes + static_cast<std::uint32_t>(bytes.size()), used_bytes());
  ring_.write(offset_bytes, bytes);
}

std::uint32_t ReceiveQueue::early_bytes() const {
  return static_cast<std::uint32_t>(sizeof(Early) + early_->ranges.capacity() * sizeof(SackBlock));
}

std::uint32_t ReceiveQueue::growth_bytes(SeqNumber at, std::size_t bytes) const {
  const SeqNumber right = at + static_cast<std::uint32_t>(bytes);
  return right <= next_ ? 0 : ring_.growth_bytes(readable_ + bytes_between(next_, right));
}

ReceiveQueue::Outcome ReceiveQueue::put(SeqNumber at, ByteView bytes) {
  Outcome outcome;
  SeqNumber right = at + static_cast<std::uint32_t>(bytes.size());
  if (at < next_) {
    outcome.duplicate = true;
    outcome.repeated = {at, earlier(right, next_)};
    if (right <= next_) return outcome;
    bytes = bytes.subspan(bytes_between(at, next_));
    at = next_;
  }
  if (bytes.empty()) return outcome;
  if (at == next_ && !early_) [[likely]] {
    store(at, bytes);
    readable_ += static_cast<std::uint32_t>(bytes.size());
    next_ = right;
    outcome.advanced_bytes = static_cast<std::uint32_t>(bytes.size());
    return outcome;
  }
  if (at == next_) {
    store(at, bytes);
    take_in_order(right, outcome);
    return outcome;
  }
  if (early_ && early_->ranges.size() >= kMaxRanges) {
    // Only what grows a range that is there already.
    bool touches = std::ranges::any_of(
        early_->ranges, [&](const SackBlock& range) { return range.left <= right && at <= range.right; });
    if (!touches) return outcome;
  }
  store(at, bytes);
  put_early(at, right, outcome);
  return outcome;
}

bool ReceiveQueue::holds(const SackBlock& block) const {
  if (block.right <= next_) return true;
  return early_ && std::ranges::any_of(early_->ranges, [&](const SackBlock& range) {
           return range.left <= block.left && block.right <= range.right;
         });
}

// Data in order has reached early data, or not yet.
void ReceiveQueue::take_in_order(SeqNumber right, Outcome& outcome) {
  SeqNumber before = next_;
  std::vector<SackBlock>& ranges = early_->ranges;
  std::size_t joined = 0;
  while (joined < ranges.size() && ranges[joined].left <= right) {
    if (ranges[joined].left < right && !outcome.duplicate) {
      outcome.duplicate = true;
      outcome.repeated = {ranges[joined].left, earlier(right, ranges[joined].right)};
    }
    right = later(right, ranges[joined].right);
    ++joined;
  }
  outcome.advanced_bytes = bytes_between(before, right);
  readable_ += outcome.advanced_bytes;
  next_ = right;
  ranges.erase(ranges.begin(), ranges.begin() + static_cast<std::ptrdiff_t>(joined));
  if (ranges.empty()) early_.reset();
}

void ReceiveQueue::put_early(SeqNumber left, SeqNumber right, Outcome& outcome) {
  if (!early_) early_ = std::make_unique<Early>();
  std::vector<SackBlock>& ranges = early_->ranges;
  auto first = std::ranges::partition_point(ranges, [&](const SackBlock& range) { return range.right < left; });
  auto last = first;
  SackBlock merged{left, right};
  for (; last != ranges.end() && last->left <= right; ++last) {
    if (last->left < right && left < last->right && !outcome.duplicate) {
      outcome.duplicate = true;
      outcome.repeated = {later(left, last->left), earlier(right, last->right)};
    }
    merged = {earlier(merged.left, last->left), later(merged.right, last->right)};
  }
  if (first == last) {
    ranges.insert(first, merged);
  } else {
    *first = merged;
    ranges.erase(first + 1, last);
  }
  note_heard(left);
}

// RFC 2018 4: the blocks that were reported last are repeated, so a range stands here once.
void ReceiveQueue::note_heard(SeqNumber at) {
  auto& heard = early_->heard;
  const auto range_of = [&](SeqNumber sequence) {
    return std::ranges::partition_point(early_->ranges,
                                        [&](const SackBlock& block) { return block.right <= sequence; });
  };
  if (early_->heard_count != 0 && range_of(heard[0]) == range_of(at)) {
    heard[0] = at;
    return;
  }
  std::size_t count = std::min<std::size_t>(early_->heard_count + 1u, heard.size());
  for (std::size_t i = count - 1; i > 0; --i) heard[i] = heard[i - 1];
  heard[0] = at;
  early_->heard_count = static_cast<std::uint8_t>(count);
}

std::size_t ReceiveQueue::sacks(SackBlock* to, std::size_t room) const {
  std::size_t count = 0;
  if (!early_ || room == 0) return 0;
  auto add = [&](const SackBlock& block) {
    if (count == room || std::find(to, to + count, block) != to + count) return;
    to[count++] = block;
  };
  for (std::size_t i = 0; i < early_->heard_count; ++i) {
    SeqNumber at = early_->heard[i];
    auto range =
        std::ranges::partition_point(early_->ranges, [&](const SackBlock& block) { return block.right <= at; });
    if (range != early_->ranges.end() && range->left <= at) add(*range);
  }
  for (const SackBlock& range : early_->ranges) add(range);
  return count;
}

std::size_t ReceiveQueue::read(MutableByteView into) {
  auto size_bytes = static_cast<std::uint32_t>(std::min<std::size_t>(into.size(), readable_));
  std::uint8_t* to = into.data();
  for (ByteView part : ring_.view(0, size_bytes)) {
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
  readable_ -= size_bytes;
  if (empty()) {
    ring_.release();
  } else {
    ring_.drop_front(size_bytes);
  }
  return size_bytes;
}

std::uint32_t ReceiveQueue::discard() {
  std::uint32_t size_bytes = readable_;
  readable_ = 0;
  if (empty()) {
    ring_.release();
  } else {
    ring_.drop_front(size_bytes);
  }
  return size_bytes;
}

void ReceiveQueue::prune() {
  early_.reset();
  ring_.shrink(readable_);
}

}  // namespace ghostnet::tcp
