// CalendarQueue: a priority queue of instants, for timers and for packets in flight, in exact (time, FIFO) order.
//
// A radix calendar. Time is cut into buckets of 2^shift nanoseconds. Entries of the bucket under way stand sorted in
// `current`; every later entry stands unsorted in a slot chosen by the highest base-1024 digit in which its bucket
// differs from the current one, so that it is moved once a level and sorted once, with some dozen neighbours; most
// waits are short enough for the lowest level. What is pushed into the bucket under way is appended where it comes
// last, and else joins a heap beside it. Entries are 16 bytes (instant, pointer), so walking a bucket reads memory in
// order and what the pointers name can be prefetched long before it is needed: beyond some thousand hosts everything
// else is cache misses. The shift follows the observed
// density.
//
// Entries of one instant come out in the order in which they went in: they always stand in the same slot, in order.
//
// With NoPlace entries are never removed (packets), and what they point to is not touched while they wait. Another
// Place makes them removable in constant time, and lets an item's deadline move at no cost as long as it does not come
// before its slot: the entry stays until its slot's time comes, and only then goes where it belongs. Such items carry
// their own instant and order, so that in a slot a pointer stands for each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace ghostnet {

struct NoPlace {
  static constexpr bool kRemovable = false;
};

// A Place of removable items has kRemovable = true and
//   placed(item, slot, index)   where the item's entry stands now, to be given to remove() and may_stay()
//   due_ns(item)                its instant
//   order(item)                 next_order() of when that instant was set
template <class T, class Place = NoPlace>
class CalendarQueue {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
  // Slot numbers that stand for the bucket under way: its sorted part, and the heap beside it. Others are small.
  static constexpr std::uint32_t kInCurrent = 0xffff'ffff;
  static constexpr std::uint32_t kLate = 0xffff'fffc;

  struct Entry {
    std::int64_t at_ns;
    T* item;
  };

  explicit CalendarQueue(unsigned shift = 17) : shift_(shift) {}
  CalendarQueue(const CalendarQueue&) = delete;
  CalendarQueue& operator=(const CalendarQueue&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  // Buckets are 2^this nanoseconds wide at present.
  unsigned shift() const { return shift_; }

  void push(std::int64_t at_ns, T& item) {
    ++size_;
    place(Entry{at_ns, &item});
  }

  std::uint64_t next_order() { return ++last_order_; }

  // Removes an entry: constant time, or logarithmic in the heap.
  void remove(std::uint32_t slot_number, std::uint32_t index)
    requires(Place::kRemovable)
  {
    --size_;
    if (slot_number == kInCurrent) {
      current_[index].item = nullptr;
      skip_removed();
    } else if (slot_number == kLate) {
      remove_late(index);
    } else {
      remove_from_slot(slot_number, index);
    }
  }

  // Whether this is no number of the bucket under way. An item in a slot may become due later and keep its place.
  static constexpr bool in_slot(std::uint32_t slot_number) { return slot_number < kLevels * kSlots; }

  // Whether an entry of this slot may stay there when its item becomes due at at_ns instead. Touches neither.
  bool may_stay(std::uint32_t slot_number, std::int64_t at_ns) const
    requires(Place::kRemovable)
  {
    return in_slot(slot_number) && bucket_of(at_ns) >= first_bucket(slot_number);
  }

  // No entry is earlier than this; exact when settled(). kNone when there is none.
  std::int64_t lower_bound_ns() {
    if (settled()) return head().at_ns;
    if (size_ == 0) return kNone;
    if (bound_ns_ == kUnknown) bound_ns_ = first_slot().start_ns;
    return bound_ns_;
  }

  // Whether the head is known: the earliest entry stands in the bucket under way.
  bool settled() const { return head_ < current_.size() || !late_.empty(); }

  // Moves one slot closer to settled(). Call only when the lower bound is due: the calendar never runs ahead of time.
  void settle() {
    assert(!settled() && size_ != 0);
    First first = first_slot();
    bound_ns_ = kUnknown;
    current_bucket_ = first.bucket;
    mark_empty(first.number);
    Slot& entries = slot(first.number);
    if (first.level == 0) {
      gather(entries);
    } else {
      deal(entries);
      entries.clear();
      if (entries.capacity() > kKeepCapacity) Slot().swap(entries);
    }
    if (settled()) count_gathered(current_.size());
  }

  // Gathers the bucket that follows when fewer than `distance` entries are left of the one under way, so that ahead()
  // sees across. Call at any time, as often as entries are taken. What is pushed before that bucket's entries from then
  // on joins the heap, which is why it is done only where buckets follow each other closely.
  void gather_ahead(std::size_t distance) {
    const std::size_t left = current_.size() - head_;
    if (left >= distance || left == 0 || !levels_[0]) return;
    const std::uint32_t digit = current_bucket_ & (kSlots - 1);
    const std::uint32_t last = std::min(digit + kGatherReach, kSlots - 1);
    for (std::uint32_t next = digit + 1; next <= last; ++next) {
      if (!occupied(next)) continue;
      current_bucket_ += next - digit;
      bound_ns_ = kUnknown;
      mark_empty(next);
      forget_taken();
      gather(slot(next));
      return count_gathered(current_.size() - left);
    }
  }

  // The earliest entry. Requires settled().
  const Entry& head() const { return late_is_first() ? late_.front().entry : current_[head_]; }

  T& pop() {
    assert(settled());
    --size_;
    if (late_is_first()) [[unlikely]]
      return pop_late();
    T& item = *current_[head_++].item;
    skip_removed();
    return item;
  }

  // The item `distance` places behind the head in the sorted part of the bucket under way, or null: for prefetching.
  T* ahead(std::size_t distance) const {
    return head_ + distance < current_.size() ? current_[head_ + distance].item : nullptr;
  }

  // Calls visit(item) for every entry, in no useful order.
  template <class Visit>
  void for_each(Visit visit) const {
    for_each_entry([&](const Entry& entry) { visit(*entry.item); });
  }

 private:
  static constexpr unsigned kDigitBits = 10;
  static constexpr std::uint32_t kSlots = 1 << kDigitBits;
  static constexpr unsigned kLevels = 6;  // digits of a bucket's number, which has 63 - kFinestShift bits
  static constexpr std::uint32_t kWords = kSlots / 64;
  static constexpr std::size_t kKeepCapacity = 256;
  static constexpr std::int64_t kUnknown = -1;
  static constexpr unsigned kRetuneEvery = 512;      // buckets
  static constexpr std::size_t kDenseEntries = 256;  // a bucket on average: cut finer
  static constexpr std::size_t kSparseEntries = 24;  // cut coarser, if there are kManyEntries in all
  static constexpr std::size_t kManyEntries = 4096;
  static constexpr unsigned kFinestShift = 10;
  static constexpr unsigned kCoarsestShift = 24;
  static constexpr std::size_t kPrefetchDistance = 32;
  static constexpr std::uint32_t kGatherReach = 4;  // buckets
  static constexpr std::size_t kFewEntries = 24;    // are sorted by insertion

  // What stands in a slot where entries are removable: an item that says the rest itself, or a hole that one has left,
  // which names the next hole of the slot.
  class Standing {
   public:
    explicit Standing(T* item) : bits_(reinterpret_cast<std::uintptr_t>(item)) {}
    static Standing hole(std::uint32_t next) {
      Standing hole(nullptr);
      hole.bits_ = std::uintptr_t{next} << 1 | 1;
      return hole;
    }
    bool is_hole() const { return (bits_ & 1) != 0; }
    T* item() const { return reinterpret_cast<T*>(bits_); }
    std::uint32_t next_hole() const { return static_cast<std::uint32_t>(bits_ >> 1); }

   private:
    std::uintptr_t bits_;
  };
  struct Holes {
    std::uint32_t count = 0;
    std::uint32_t first = 0;
  };
  using Waiting = std::conditional_t<Place::kRemovable, Standing, Entry>;
  using Slot = std::vector<Waiting>;

  static_assert(kLevels * kDigitBits >= 63 - kFinestShift);

  struct Level {
    std::array<Slot, kSlots> slots;
    std::array<std::uint64_t, kWords> occupied{};
    std::uint32_t words = 0;  // which of `occupied` are not zero
    [[no_unique_address]] std::array<Holes, Place::kRemovable ? kSlots : 0> holes{};  // by slot

    void mark(std::uint32_t digit) {
      occupied[digit / 64] |= std::uint64_t{1} << (digit % 64);
      words |= std::uint32_t{1} << (digit / 64);
    }
    void unmark(std::uint32_t digit) {
      occupied[digit / 64] &= ~(std::uint64_t{1} << (digit % 64));
      if (occupied[digit / 64] == 0) words &= ~(std::uint32_t{1} << (digit / 64));
      if constexpr (Place::kRemovable) holes[digit] = {};
    }
    // The lowest one. Requires that there is one.
    std::uint32_t first() const {
      const auto word = static_cast<std::uint32_t>(std::countr_zero(words));
      return word * 64 + static_cast<std::uint32_t>(std::countr_zero(occupied[word]));
    }
  };
  struct First {
    unsigned level;
    std::uint32_t number;
    std::uint64_t bucket;
    std::int64_t start_ns;
  };
  struct Ordered {
    Entry entry;
    std::uint64_t order;

    bool before(const Ordered& other) const {
      return entry.at_ns != other.entry.at_ns ? entry.at_ns < other.entry.at_ns : order < other.order;
    }
  };

  std::uint64_t bucket_of(std::int64_t at_ns) const {
    return static_cast<std::uint64_t>(at_ns < 0 ? 0 : at_ns) >> shift_;
  }

  Slot& slot(std::uint32_t number) { return levels_[number / kSlots]->slots[number % kSlots]; }

  // The earliest bucket that a slot covers: above its level it shares the digits of the bucket under way.
  std::uint64_t first_bucket(std::uint32_t slot_number) const {
    const unsigned shift = kDigitBits * (slot_number / kSlots);
    const std::uint64_t above = current_bucket_ >> (shift + kDigitBits) << (shift + kDigitBits);
    return above | (std::uint64_t{slot_number % kSlots} << shift);
  }

  static void tell(T* item, std::uint32_t slot_number, std::size_t index) {
    if constexpr (Place::kRemovable) Place::placed(*item, slot_number, static_cast<std::uint32_t>(index));
  }

  static Waiting waiting(const Entry& entry) {
    if constexpr (Place::kRemovable) {
      return Waiting(entry.item);
    } else {
      return entry;
    }
  }
  static Entry entry_of(const Waiting& waiting) {
    if constexpr (Place::kRemovable) {
      return {Place::due_ns(*waiting.item()), waiting.item()};
    } else {
      return waiting;
    }
  }

  void place(const Entry& entry) {
    std::uint64_t bucket = bucket_of(entry.at_ns);
    if (bucket <= current_bucket_) return place_now(entry);
    unsigned level = static_cast<unsigned>(63 - std::countl_zero(bucket ^ current_bucket_)) / kDigitBits;
    std::uint32_t digit = (bucket >> (kDigitBits * level)) & (kSlots - 1);
    if (!levels_[level]) [[unlikely]]
      levels_[level] = std::make_unique<Level>();
    Level& in = *levels_[level];
    Slot& entries = in.slots[digit];
    if (entries.empty()) in.mark(digit);
    tell(entry.item, level * kSlots + digit, stand(in, digit, waiting(entry)));
    if (bound_ns_ != kUnknown) {
      auto start_ns = static_cast<std::int64_t>((bucket >> (kDigitBits * level)) << (kDigitBits * level + shift_));
      bound_ns_ = std::min(bound_ns_, start_ns);
    }
  }

  // Where it stands in the slot: in a hole, if there is one, for items that say their order themselves.
  static std::size_t stand(Level& in, std::uint32_t digit, const Waiting& waiting) {
    Slot& entries = in.slots[digit];
    if constexpr (Place::kRemovable) {
      if (Holes& holes = in.holes[digit]; holes.count != 0) {
        const std::uint32_t index = holes.first;
        --holes.count;
        holes.first = entries[index].next_hole();
        entries[index] = waiting;
        return index;
      }
    }
    entries.push_back(waiting);
    return entries.size() - 1;
  }

  // Into the bucket under way. The heap holds nothing as late as the back of the sorted part, so that of two entries of
  // one instant the one in the sorted part came first.
  void place_now(const Entry& entry) {
    if (current_.empty() ? late_.empty() : current_.back().at_ns <= entry.at_ns) {
      tell(entry.item, kInCurrent, current_.size());
      current_.push_back(entry);
    } else {
      late_.push_back({entry, next_order()});
      rise(late_.size() - 1);
    }
  }

  // ---- slots ----

  // The earliest slot: the lowest level that holds anything. Requires an empty bucket under way and a non-empty queue.
  First first_slot() const {
    for (unsigned level = 0; level < kLevels; ++level) {
      if (!levels_[level] || levels_[level]->words == 0) continue;
      const std::uint32_t number = level * kSlots + levels_[level]->first();
      const std::uint64_t bucket = first_bucket(number);
      return {level, number, bucket, static_cast<std::int64_t>(bucket << shift_)};
    }
    assert(false);
    return {};
  }

  void mark_empty(std::uint32_t number) { levels_[number / kSlots]->unmark(number % kSlots); }

  bool occupied(std::uint32_t digit) const { return (levels_[0]->occupied[digit / 64] >> (digit % 64) & 1) != 0; }

  // Leaves a hole for the next one that comes, so that no other item has to be told of another place.
  void remove_from_slot(std::uint32_t number, std::uint32_t index) {
    Slot& entries = slot(number);
    Holes& holes = levels_[number / kSlots]->holes[number % kSlots];
    if (holes.count + 1 != entries.size()) {
      entries[index] = Standing::hole(holes.first);
      holes = {.count = holes.count + 1, .first = index};
      return;
    }
    entries.clear();
    mark_empty(number);
    bound_ns_ = kUnknown;
  }

  // Appends the slot of the bucket under way to its sorted part: all that stands there already is earlier.
  void gather(Slot& entries) {
    if constexpr (Place::kRemovable) {
      deal(entries);
    } else {
      const std::size_t sorted = current_.size();
      if (sorted == 0) {
        current_.swap(entries);
      } else {
        current_.insert(current_.end(), entries.begin(), entries.end());
      }
      sort_from(sorted);
    }
    entries.clear();
  }

  // Sorts what is due in the bucket under way to the end of its sorted part, and places the rest anew.
  void deal(const Slot& entries) {
    keys_.clear();
    if constexpr (Place::kRemovable) {
      for (std::size_t i = 0; i < std::min(entries.size(), kPrefetchDistance); ++i) {
        __builtin_prefetch(entries[i].item(), 1);
      }
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if constexpr (Place::kRemovable) {
        if (i + kPrefetchDistance < entries.size()) __builtin_prefetch(entries[i + kPrefetchDistance].item(), 1);
        if (entries[i].is_hole()) continue;
      }
      const Entry entry = entry_of(entries[i]);
      std::uint64_t order = i;
      if constexpr (Place::kRemovable) order = Place::order(*entry.item);
      if (bucket_of(entry.at_ns) > current_bucket_) {
        place(entry);
      } else {
        keys_.push_back({entry, order});
      }
    }
    sort_keys();
    for (const Ordered& key : keys_) {
      tell(key.entry.item, kInCurrent, current_.size());
      current_.push_back(key.entry);
    }
  }

  // By instant, then by place in the slot, which is the order of arrival.
  void sort_from(std::size_t first) {
    if (current_.size() - first <= kFewEntries) {
      for (std::size_t i = first + 1; i < current_.size(); ++i) {
        Entry entry = current_[i];
        std::size_t j = i;
        for (; j > first && current_[j - 1].at_ns > entry.at_ns; --j) current_[j] = current_[j - 1];
        current_[j] = entry;
      }
      return;
    }
    keys_.resize(current_.size() - first);
    for (std::size_t i = 0; i < keys_.size(); ++i) keys_[i] = {current_[first + i], i};
    sort_keys();
    for (std::size_t i = 0; i < keys_.size(); ++i) current_[first + i] = keys_[i].entry;
  }

  void sort_keys() {
    std::sort(keys_.begin(), keys_.end(), [](const Ordered& a, const Ordered& b) { return a.before(b); });
  }

  // ---- the bucket under way ----

  void skip_removed() {
    if constexpr (Place::kRemovable) {
      while (head_ < current_.size() && current_[head_].item == nullptr) ++head_;
    }
    if (head_ < current_.size()) return;
    current_.clear();
    head_ = 0;
  }

  // Moves what is left of the sorted part to its front.
  void forget_taken() {
    std::size_t kept = 0;
    for (std::size_t i = head_; i < current_.size(); ++i) {
      if (current_[i].item == nullptr) continue;
      tell(current_[i].item, kInCurrent, kept);
      current_[kept++] = current_[i];
    }
    current_.resize(kept);
    head_ = 0;
  }

  bool late_is_first() const {
    if (late_.empty()) [[likely]]
      return false;
    return head_ == current_.size() || late_.front().entry.at_ns < current_[head_].at_ns;
  }

  T& pop_late() {
    T& item = *late_.front().entry.item;
    remove_late(0);
    return item;
  }

  void remove_late(std::size_t index) {
    Ordered last = late_.back();
    late_.pop_back();
    if (index == late_.size()) return;
    put_late(index, last);
    rise(index);
    sink(index);
  }

  void rise(std::size_t index) {
    Ordered rising = late_[index];
    for (; index > 0 && rising.before(late_[(index - 1) / 2]); index = (index - 1) / 2) {
      put_late(index, late_[(index - 1) / 2]);
    }
    put_late(index, rising);
  }

  void sink(std::size_t index) {
    Ordered sinking = late_[index];
    for (std::size_t child = 2 * index + 1; child < late_.size(); index = child, child = 2 * index + 1) {
      if (child + 1 < late_.size() && late_[child + 1].before(late_[child])) ++child;
      if (!late_[child].before(sinking)) break;
      put_late(index, late_[child]);
    }
    put_late(index, sinking);
  }

  void put_late(std::size_t index, const Ordered& late) {
    late_[index] = late;
    tell(late.entry.item, kLate, index);
  }

  // ---- the bucket width ----

  void count_gathered(std::size_t entries) {
    gathered_entries_ += entries;
    if (++gathered_ >= kRetuneEvery && late_.empty()) retune();
  }

  // Adapts the bucket width to the density and lays everything out anew.
  void retune() {
    std::size_t average = gathered_entries_ / gathered_;
    gathered_ = 0;
    gathered_entries_ = 0;
    unsigned wanted = shift_;
    if (average > kDenseEntries && shift_ > kFinestShift) --wanted;
    if (average < kSparseEntries && shift_ < kCoarsestShift && size_ > kManyEntries) ++wanted;
    if (wanted == shift_) return;
    std::int64_t head_ns = head().at_ns;
    Slot all;
    all.reserve(size_);
    for_each_entry([&](const Entry& entry) { all.push_back(waiting(entry)); });
    for (auto& level : levels_) {
      if (!level) continue;
      for (Slot& entries : level->slots) entries.clear();
      level->occupied.fill(0);
      level->words = 0;
      level->holes.fill({});
    }
    current_.clear();
    head_ = 0;
    shift_ = wanted;
    current_bucket_ = bucket_of(head_ns);
    bound_ns_ = kUnknown;
    deal(all);
  }

  // Each slot in order, so that entries of one instant are visited in theirs.
  template <class Visit>
  void for_each_entry(Visit visit) const {
    for (std::size_t i = head_; i < current_.size(); ++i) {
      if (current_[i].item != nullptr) visit(current_[i]);
    }
    for (const Ordered& late : late_) visit(late.entry);
    for (const auto& level : levels_) {
      if (!level) continue;
      for (const Slot& entries : level->slots) {
        for (const Waiting& waiting : entries) {
          if constexpr (Place::kRemovable) {
            if (waiting.is_hole()) continue;
          }
          visit(entry_of(waiting));
        }
      }
    }
  }

  unsigned shift_;
  std::uint64_t current_bucket_ = 0;
  std::vector<Entry> current_;  // of the bucket under way, in order from head_ on; removed ones have no item
  std::size_t head_ = 0;
  std::vector<Ordered> late_;  // a heap: what came into the bucket under way out of order
  std::size_t size_ = 0;
  std::uint64_t last_order_ = 0;
  std::int64_t bound_ns_ = kUnknown;
  std::array<std::unique_ptr<Level>, kLevels> levels_;
  std::vector<Ordered> keys_;
  unsigned gathered_ = 0;
  std::size_t gathered_entries_ = 0;
};

}  // namespace ghostnet
