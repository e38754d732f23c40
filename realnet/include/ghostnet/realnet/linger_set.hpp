// LingerSet: streams that their owners shut down and dropped, until what was sent has been delivered.
//
// Each is read, and what it says forgotten, until its peer finishes, or resets, or `linger_limit` passes. At most
// `max_lingering` do so at once; one more is closed at once, and the kernel does what it can. They all go with the
// world.
#pragma once

#include <list>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::realnet {

class World;

class LingerSet {
 public:
  explicit LingerSet(World& world);
  LingerSet(const LingerSet&) = delete;
  LingerSet& operator=(const LingerSet&) = delete;
  ~LingerSet();

  // A descriptor that is in the poller.
  void add(FileDescriptor fd);
  std::size_t size() const;

 private:
  class Entry;

  Task<> expire();

  World& world_;
  std::list<Entry> entries_;  // in order of their deadlines
  bool expiring_ = false;
  Scope scope_;
};

}  // namespace ghostnet::realnet
