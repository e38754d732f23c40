#include "ghostnet/worlds/worlds.hpp"

#include "ghostnet/support/test_world.hpp"

namespace ghostnet::worlds {
namespace {

class MemoryWorld final : public WorldUnderTest {
 public:
  Host& add_host(std::string name) override { return world_.add_host(std::move(name)); }
  IpAddress address_of(const Host& host) const override {
    return static_cast<const support::TestHost&>(host).address();
  }
  bool run_until(const std::function<bool()>& done, Duration limit) override {
    const TimePoint end = world_.now() + limit;
    while (!done()) {
      if (world_.now() > end || !world_.step()) return done();
    }
    return true;
  }
  bool has_streams() const override { return true; }

 private:
  support::TestWorld world_{{.latency = 1ms}};
};

}  // namespace

std::vector<WorldKind> every_world() {
  return {{"memory", [] { return std::make_unique<MemoryWorld>(); }}};
}

}  // namespace ghostnet::worlds
