// Foresight: fetching into the cache what will be touched in a moment.
//
// Where thousands of hosts live in one process, nothing of a host is in the cache when its turn comes, and what one
// object points to cannot be fetched before the object is there. So who knows some instants ahead what will happen (a
// packet arrives, a message goes to ten peers) walks the chain of objects one step at a time, many chains side by side:
// each step reads the pointers that the step before has fetched, and fetches what they point to. It changes nothing but
// time, may be wrong, and costs little where nobody walks.
//
// A stream that stands over another one, and whoever reads from it, join by these two interfaces, which they look for
// with a dynamic_cast when they are put together.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ghostnet {

inline constexpr std::size_t kCacheLineBytes = 64;

// The lines of an object; of none where it has no size.
inline void fetch_lines(const void* object, std::size_t size_bytes) {
  const auto first = reinterpret_cast<std::uintptr_t>(object) & ~(kCacheLineBytes - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(object) + size_bytes;
  for (std::uintptr_t line = first; line < end; line += kCacheLineBytes) {
    __builtin_prefetch(reinterpret_cast<const void*>(line), 1);
  }
}

// Who reads from a stream.
class ForeseenReader {
 public:
  // Bytes will come: step 0 fetches this object, the next steps what it will touch then.
  virtual void foresee_reading(unsigned step) const = 0;

 protected:
  ~ForeseenReader() = default;
};

// A stream with something below it.
class ForeseenStream {
 public:
  // Bytes will be written: step 0 fetches what stands right below this object, the next steps what stands below that.
  virtual void foresee_writing(unsigned step) const = 0;
  // Null: nobody. The reader outlives the stream, or is taken back before.
  virtual void read_by(const ForeseenReader* reader) = 0;

 protected:
  ~ForeseenStream() = default;
};

}  // namespace ghostnet
