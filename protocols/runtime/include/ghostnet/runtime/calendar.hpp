// CalendarQueue: a priority queue of instants, for timers and for packets in flight, in exact (time, FIFO) order.
//
// A radix calendar. Time is cut into buckets of 2^shift nanoseconds. Entries of the bucket under way, and earlier
// ones, stand sorted in `current`; every later entry stands unsorted in a slot chosen by the highest base-256 digit
// in which its bucket differs from the current one, so that it is moved once a level and sorted once, with some
// hundred neighbours. Entries are 16 bytes (instant, pointer), so walking a bucket reads memory in order and what
// the pointers name can be prefetched long before it is needed: beyond some thousand hosts everything else is
// cache misses. The shift follows the observed density.
//
// Entries with the same instant come out in the order in which they went in: they always stand in the same slot.
//
// Place tells what an entry's owner is told of its place, so that it can be removed in constant time; `NoPlace` for
// entries that are never removed (packets), which then are never touched while they wait.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace ghostnet {

struct NoPlace {
  static constexpr bool kRemovable = false;
};

template <class T, class Place = NoPlace>
class CalendarQueue {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  static constexpr std::uint32_t kInCurrent = 0xffff'ffff;  // the slot number of entries in the sorted bucket

  struct Entry {
    std::int64_t at_ns;
    T* item;
  };

  explicit CalendarQueue(unsigned shift = 17) : shift_(shift) {}
  CalendarQueue(const CalendarQueue&) = delete;
  CalendarQueue& operator=(const CalendarQueue&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  void push(std::int64_t at_ns, T& item) {
    ++size_;
    place(Entry{at_ns, &item});
  }

  // Removes the entry that Place was told of. Constant time in a slot, a binary search in the current bucket.
  void remove(std::uint32_t slot_number, std::uint32_t index, std::int64_t at_ns, T& item)
    requires(Place::kRemovable)
  {
    --size_;
    if (slot_number == kInCurrent) {
      auto entry = std::lower_bound(current_.begin() + static_cast<std::ptrdiff_t>(head_), current_.end(), at_ns,
                                    [](const Entry& e, std::int64_t at) { return e.at_ns < at; });
      while (entry->item != &item) ++entry;
      current_.erase(entry);
      if (head_ == current_.size()) clear_current();
      return;
    }
    Slot& slot = this->slot(slot_number);
    if (index + 1 == slot.entries.size()) {
      slot.entries.pop_back();
    } else {
      slot.entries[index].item = nullptr;  // a tombstone; they never outnumber the living by more than kTombstones
      if (++slot.dead > kTombstones + slot.entries.size() / 2) compact(slot_number);
    }
    if (slot.entries.size() == slot.dead) clear(slot_number);
  }

  // No entry is earlier than this; exact when settled(). kNone when there is none.
  std::int64_t lower_bound_ns() {
    if (head_ < current_.size()) return current_[head_].at_ns;
    if (size_ == 0) return kNone;
    if (bound_ns_ == kUnknown) bound_ns_ = first_slot().start_ns;
    return bound_ns_;
  }

  // Whether the head is known: the earliest entry stands in the current bucket.
  bool settled() const { return head_ < current_.size(); }

  // Moves one slot closer to settled(). Call only when the lower bound is due: the calendar never runs ahead of time.
  void settle() {
    assert(!settled() && size_ != 0);
    First first = first_slot();
    bound_ns_ = kUnknown;
    current_bucket_ = first.bucket;
    Slot& slot = this->slot(first.number);
    if (first.level == 0) {
      gather(slot);
    } else {
      scatter(slot);
    }
    mark_empty(first.number);
    if (!settled()) return;
    if (++gathered_ == kRetuneEvery) retune();
  }

  // The earliest entry. Requires settled().
  const Entry& head() const { return current_[head_]; }

  T& pop() {
    assert(settled());
    --size_;
    T& item = *current_[head_++].item;
    if (head_ == current_.size()) clear_current();
    return item;
  }

  // The item `ahead` places behind the head within the current bucket, or null: for prefetching.
  T* ahead(std::size_t distance) const {
    return head_ + distance < current_.size() ? current_[head_ + distance].item : nullptr;
  }

  // Calls visit(item) for every entry, in no useful order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = head_; i < current_.size(); ++i) visit(*current_[i].item);
    for (const auto& level : levels_) {
      if (!level) continue;
      for (const Slot& slot : level->slots) {
        for (const Entry& entry : slot.entries) {
          if (entry.item != nullptr) visit(*entry.item);
        }
      }
    }
  }

 private:
  static constexpr unsigned kLevels = 8;
  static constexpr std::uint32_t kSlots = 256;
  static constexpr std::size_t kTombstones = 64;
  static constexpr std::size_t kKeepCapacity = 256;
  static constexpr std::int64_t kUnknown = -1;
  static constexpr unsigned kRetuneEvery = 64;      // buckets
  static constexpr std::size_t kDenseEntries = 512;  // a bucket on average: cut finer
  static constexpr std::size_t kSparseEntries = 128;  // cut coarser
  static constexpr unsigned kFinestShift = 10;
  static constexpr unsigned kCoarsestShift = 24;
  static constexpr std::size_t kPrefetchDistance = 12;
  static constexpr std::size_t kInsertionOnly = 24;
  static constexpr unsigned kDealBits = 8;
  static constexpr std::size_t kDealBins = std::size_t{1} << kDealBits;
  static_assert(kFinestShift >= kDealBits);

  struct Slot {
    std::vector<Entry> entries;
    std::uint32_t dead = 0;
  };
  struct Level {
    std::array<Slot, kSlots> slots;
    std::array<std::uint64_t, kSlots / 64> occupied{};
  };
  struct First {
    unsigned level;
    std::uint32_t number;
    std::uint64_t bucket;
    std::int64_t start_ns;
  };

  std::uint64_t bucket_of(std::int64_t at_ns) const { return static_cast<std::uint64_t>(at_ns < 0 ? 0 : at_ns) >> shift_; }

  Slot& slot(std::uint32_t number) { return levels_[number / kSlots]->slots[number % kSlots]; }

  void place(const Entry& entry) {
    std::uint64_t bucket = bucket_of(entry.at_ns);
    if (bucket <= current_bucket_) return place_sorted(entry);
    unsigned level = static_cast<unsigned>(63 - std::countl_zero(bucket ^ current_bucket_)) / 8;
    std::uint32_t digit = (bucket >> (8 * level)) & 255;
    if (!levels_[level]) levels_[level] = std::make_unique<Level>();
    Level& in = *levels_[level];
    Slot& slot = in.slots[digit];
    if constexpr (Place::kRemovable) {
      Place::placed(*entry.item, level * kSlots + digit, static_cast<std::uint32_t>(slot.entries.size()));
    }
    slot.entries.push_back(entry);
    in.occupied[digit / 64] |= std::uint64_t{1} << (digit % 64);
    if (bound_ns_ != kUnknown) {
      auto start_ns = static_cast<std::int64_t>((bucket >> (8 * level)) << (8 * level + shift_));
      bound_ns_ = std::min(bound_ns_, start_ns);
    }
  }

  void place_sorted(const Entry& entry) {
    if constexpr (Place::kRemovable) Place::placed(*entry.item, kInCurrent, 0);
    if (current_.empty() || current_.back().at_ns <= entry.at_ns) {
      current_.push_back(entry);
      return;
    }
    auto behind = std::upper_bound(current_.begin() + static_cast<std::ptrdiff_t>(head_), current_.end(), entry.at_ns,
                                   [](std::int64_t at, const Entry& e) { return at < e.at_ns; });
    // Where the head has moved on, the entries before it are free room: shift the shorter side.
    if (head_ > 0 && behind - current_.begin() - static_cast<std::ptrdiff_t>(head_) < current_.end() - behind) {
      auto begin = current_.begin() + static_cast<std::ptrdiff_t>(head_);
      std::move(begin, behind, begin - 1);
      --head_;
      *(behind - 1) = entry;
    } else {
      current_.insert(behind, entry);
    }
  }

  // The earliest slot: the lowest level that holds anything. Requires an empty current bucket and a non-empty queue.
  First first_slot() const {
    for (unsigned level = 0; level < kLevels; ++level) {
      if (!levels_[level]) continue;
      for (std::uint32_t word = 0; word < kSlots / 64; ++word) {
        std::uint64_t bits = levels_[level]->occupied[word];
        if (bits == 0) continue;
        std::uint32_t digit = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        std::uint64_t above = 8 * level + 8 >= 64 ? 0 : current_bucket_ >> (8 * level + 8) << (8 * level + 8);
        std::uint64_t bucket = above | (static_cast<std::uint64_t>(digit) << (8 * level));
        return {level, level * kSlots + digit, bucket, static_cast<std::int64_t>(bucket << shift_)};
      }
    }
    assert(false);
    return {};
  }

  void clear_current() {
    current_.clear();
    head_ = 0;
  }

  void mark_empty(std::uint32_t number) {
    Level& level = *levels_[number / kSlots];
    std::uint32_t digit = number % kSlots;
    level.occupied[digit / 64] &= ~(std::uint64_t{1} << (digit % 64));
  }

  void clear(std::uint32_t number) {
    Slot& slot = this->slot(number);
    slot.entries.clear();
    slot.dead = 0;
    mark_empty(number);
    bound_ns_ = kUnknown;
  }

  // A slot of the lowest level becomes the current bucket, sorted.
  void gather(Slot& slot) {
    current_.swap(slot.entries);
    head_ = 0;
    if constexpr (Place::kRemovable) {
      std::erase_if(current_, [](const Entry& entry) { return entry.item == nullptr; });
      for (std::size_t i = 0; i < current_.size(); ++i) {
        if (i + kPrefetchDistance < current_.size()) __builtin_prefetch(current_[i + kPrefetchDistance].item, 1);
        Place::placed(*current_[i].item, kInCurrent, 0);
      }
    }
    slot.dead = 0;
    gathered_entries_ += current_.size();
    sort_current();
  }

  // A slot of a higher level is dealt out over the levels below.
  void scatter(Slot& slot) {
    std::vector<Entry> entries;
    entries.swap(slot.entries);
    slot.dead = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if constexpr (Place::kRemovable) {
        if (i + kPrefetchDistance < entries.size()) __builtin_prefetch(entries[i + kPrefetchDistance].item, 1);
      }
      if (entries[i].item != nullptr) place(entries[i]);
    }
    entries.clear();
    if (entries.capacity() <= kKeepCapacity) slot.entries.swap(entries);
  }

  // Stable. Entries are dealt by the upper bits of their instant first, which leaves little for the insertion sort.
  void sort_current() {
    if (current_.size() > kInsertionOnly) deal_current();
    insertion_sort();
  }

  void deal_current() {
    std::array<std::uint32_t, kDealBins> end{};
    const unsigned down = shift_ - kDealBits;
    auto bin = [down](const Entry& entry) {
      return (static_cast<std::uint64_t>(entry.at_ns) >> down) % kDealBins;
    };
    for (const Entry& entry : current_) ++end[bin(entry)];
    std::uint32_t sum = 0;
    for (std::uint32_t& at : end) at = std::exchange(sum, sum + at);
    dealt_.resize(current_.size());
    for (const Entry& entry : current_) dealt_[end[bin(entry)]++] = entry;
    current_.swap(dealt_);
  }

  void insertion_sort() {
    for (std::size_t i = 1; i < current_.size(); ++i) {
      Entry entry = current_[i];
      std::size_t j = i;
      for (; j > 0 && current_[j - 1].at_ns > entry.at_ns; --j) current_[j] = current_[j - 1];
      current_[j] = entry;
    }
  }

  void compact(std::uint32_t number)
    requires(Place::kRemovable)
  {
    Slot& slot = this->slot(number);
    std::erase_if(slot.entries, [](const Entry& entry) { return entry.item == nullptr; });
    slot.dead = 0;
    for (std::uint32_t i = 0; i < slot.entries.size(); ++i) Place::placed(*slot.entries[i].item, number, i);
  }

  // Adapts the bucket width to the density and lays everything out anew. Order is kept: entries of one instant
  // stand in one slot, in order, before and after.
  void retune() {
    std::size_t average = gathered_entries_ / gathered_;
    gathered_ = 0;
    gathered_entries_ = 0;
    unsigned wanted = shift_;
    if (average > kDenseEntries && shift_ > kFinestShift) --wanted;
    if (average < kSparseEntries && shift_ < kCoarsestShift && size_ > 8 * kSparseEntries) ++wanted;
    if (wanted == shift_) return;
    std::vector<Entry> all(current_.begin() + static_cast<std::ptrdiff_t>(head_), current_.end());
    for (auto& level : levels_) {
      if (!level) continue;
      for (Slot& slot : level->slots) {
        for (const Entry& entry : slot.entries) {
          if (entry.item != nullptr) all.push_back(entry);
        }
        slot.entries.clear();
        slot.dead = 0;
      }
      level->occupied.fill(0);
    }
    std::int64_t head_ns = current_[head_].at_ns;
    clear_current();
    shift_ = wanted;
    current_bucket_ = bucket_of(head_ns);
    bound_ns_ = kUnknown;
    for (const Entry& entry : all) place(entry);
  }

  unsigned shift_;
  std::uint64_t current_bucket_ = 0;
  std::vector<Entry> current_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::int64_t bound_ns_ = kUnknown;
  std::array<std::unique_ptr<Level>, kLevels> levels_;
  std::vector<Entry> dealt_;
  unsigned gathered_ = 0;
  std::size_t gathered_entries_ = 0;
};

}  // namespace ghostnet
