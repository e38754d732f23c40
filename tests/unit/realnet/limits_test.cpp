// What happens when the system has no descriptor left: Results that say so, and no spinning.
#include "file_limit.hpp"
#include "live_world.hpp"

namespace ghostnet::realnet::limits_test {
namespace {

using ::testing::HasSubstr;
using StreamPtr = std::unique_ptr<Stream>;

const Endpoint kAnyPort(IpAddress::v4(127, 0, 0, 1), 0);

class FilesExhausted : public LiveWorld {
 protected:
  void SetUp() override {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
    GTEST_SKIP() << "UndefinedBehaviorSanitizer opens files of its own to look at an object";
#endif
#endif
  }
};

Task<> connect_into(Host& host, Endpoint peer, Result<StreamPtr>& outcome) {
  outcome = co_await host.connect({.peer = peer});
}

TEST_F(FilesExhausted, OpeningSaysWhatToDo) {
  FileLimit limit;
  const auto udp = a().open_udp({.local = kAnyPort});
  ASSERT_FALSE(udp);
  EXPECT_EQ(udp.error(), Errc::too_many_files);
  EXPECT_THAT(std::string(udp.error().message()), HasSubstr("ulimit -n"));
  EXPECT_EQ(a().listen({.local = kAnyPort}).error(), Errc::too_many_files);
  EXPECT_EQ(World::create().error(), Errc::too_many_files);
  EXPECT_EQ(world().io_context().error(), Errc::too_many_files);
  Result<StreamPtr> connected;
  run(connect_into(a(), Endpoint(IpAddress::v4(127, 0, 0, 1), 9), connected));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error(), Errc::too_many_files);
}

TEST_F(FilesExhausted, AnAsioGuestIsRefusedAndMayTryAgain) {
  {
    FileLimit limit;
    EXPECT_EQ(world().io_context().error(), Errc::too_many_files);
  }
  EXPECT_TRUE(world().io_context());
}

Task<> accept_in_a_loop(Listener& listener, std::vector<Result<StreamPtr>>& outcomes) {
  while (true) outcomes.push_back(co_await listener.accept());
}

TEST_F(FilesExhausted, AnAcceptLoopDoesNotSpin) {
  auto world = make_world({.accept_backoff = std::chrono::hours(1)});
  Host host(*world, {.name = "host"});
  auto listener = std::move(*host.listen({.local = kAnyPort}));
  Result<StreamPtr> client;
  EXPECT_TRUE(world->run(connect_into(host, listener->local(), client)));
  ASSERT_TRUE(client);
  std::vector<Result<StreamPtr>> outcomes;
  {
    FileLimit limit;
    host.scope().spawn(accept_in_a_loop(*listener, outcomes));
    for (int i = 0; i < 100; ++i) world->turn(0ns);
  }
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].error(), Errc::too_many_files);
  EXPECT_GT(world->idle_time(), 0ns) << "the world sleeps meanwhile";
  host.scope().drop_all();
}

TEST_F(FilesExhausted, TheConnectionIsAcceptedWhenThereIsRoomAgain) {
  auto world = make_world({.accept_backoff = 1ms});
  Host host(*world, {.name = "host"});
  auto listener = std::move(*host.listen({.local = kAnyPort}));
  Result<StreamPtr> client;
  EXPECT_TRUE(world->run(connect_into(host, listener->local(), client)));
  ASSERT_TRUE(client);
  std::vector<Result<StreamPtr>> outcomes;
  FileLimit limit;
  host.scope().spawn(accept_in_a_loop(*listener, outcomes));
  while (outcomes.size() < 3) world->turn(kPatience);  // once in each back-off
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.error(), Errc::too_many_files);
  limit.lift();
  while (!outcomes.back()) world->turn(kPatience);  // no new event announces it
  EXPECT_EQ((*outcomes.back())->peer(), (*client)->local());
  host.scope().drop_all();
}

}  // namespace
}  // namespace ghostnet::realnet::limits_test
