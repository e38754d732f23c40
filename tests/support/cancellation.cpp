#include "ghostnet/support/cancellation.hpp"

#include <fmt/core.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
#define GHOSTNET_SEES_LEAKS 1
#endif
#endif

namespace ghostnet::support {

bool leaked() {
#ifdef GHOSTNET_SEES_LEAKS
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

DropRun::DropRun(const TestWorldOptions& options, std::optional<DropPoint> point)
    : world_(options), point_(point), witness_(world_.loop()) {}

Scope& DropRun::victim(std::string name) { return victims_.emplace_back(std::move(name), world_.loop()).scope; }

void DropRun::visit() {
  std::size_t number = visits_++;
  if (point_ && !dropped_ && point_->visit == number) drop();
}

std::optional<std::string_view> DropRun::dropped() const {
  if (!dropped_) return std::nullopt;
  return victims_[point_->victim].name;
}

void DropRun::run() {
  constexpr std::size_t kMaxResumptions = 100'000;
  do {
    if (point_ && !dropped_ && point_->resumptions == resumptions_) drop();
    if (dropped_) check_dropped();
    if (resumptions_ == kMaxResumptions) {
      ADD_FAILURE() << "the scenario does not come to rest";
      return;
    }
  } while (world_.step() && ++resumptions_ > 0);
  EXPECT_TRUE(world_.failures().empty()) << world_.failures().front();
  EXPECT_TRUE(witness_.empty()) << "a task that nobody dropped waits for ever";
}

void DropRun::drop() {
  dropped_ = true;
  victims_[point_->victim].scope.drop_all();
}

// At the latest after the resumption in which it was dropped.
void DropRun::check_dropped() {
  Victim& victim = victims_[point_->victim];
  EXPECT_EQ(victim.alive, 0) << "frames of what was dropped are still there";
  EXPECT_TRUE(victim.scope.empty());
}

void DropRun::close() {
  for (Victim& victim : victims_) victim.scope.close();
  witness_.close();
}

void DropRun::check_nothing_left() {
  for (const Victim& victim : victims_) EXPECT_EQ(victim.alive, 0) << victim.name;
  world_.run();  // parcels under way, which hold nothing that is gone
  EXPECT_TRUE(world_.at_rest());
}

std::string DropRun::describe() const {
  if (!point_) return "nobody dropped";
  if (point_->visit) return fmt::format("victim {} dropped at visit {}, from within", point_->victim, *point_->visit);
  return fmt::format("victim {} dropped after {} resumptions", point_->victim, point_->resumptions.value_or(0));
}

}  // namespace ghostnet::support
