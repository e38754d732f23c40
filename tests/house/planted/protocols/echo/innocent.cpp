// expect: nothing
#include <fmt/core.h>

#include <chrono>
#include <string>

#include "ghostnet/runtime/planted.hpp"

// A comment may say rand(), std::random_device and system_clock::now; so may a text.
struct Clock {
  long now() const;
  long time() const { return now(); }
};
long ask(const Clock& clock) { return clock.time(); }
std::string name() { return fmt::format("time({}) rand()", ghostnet::planted::runtime_header()); }
