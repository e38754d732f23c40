#include "ghostnet/runtime/scope.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::scope_test {
namespace {

using support::TestWorld;
using Lines = std::vector<std::string>;

// Calls a function when it is destroyed: what a local of a dropped task may do.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> function) : function_(std::move(function)) {}
  AtEnd(AtEnd&& other) noexcept : function_(std::exchange(other.function_, nullptr)) {}
  ~AtEnd() {
    if (function_) function_();
  }

 private:
  std::function<void()> function_;
};

Task<> note(Lines& lines, std::string line) {
  lines.push_back(std::move(line));
  co_return;
}
Task<> wait_for(Event& event) { co_await event; }
Task<> wait_then(Event& event, std::function<void()> at_end) {
  AtEnd end(std::move(at_end));
  co_await event;
}
Task<> call(std::function<void()> function) {
  function();
  co_return;
}

TEST(Scope, StartsTasksInTheOrderInWhichTheyWereSpawned) {
  TestWorld world;
  Lines lines;
  Scope a(world.loop());
  Scope b(world.loop());
  a.spawn(note(lines, "1"));
  b.spawn(note(lines, "2"));
  a.spawn(note(lines, "3"));
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(a.size(), 2u);
  world.run();
  EXPECT_EQ(lines, (Lines{"1", "2", "3"}));
  EXPECT_TRUE(a.empty());
}

TEST(Scope, DropsTasksThatHaveNotStarted) {
  TestWorld world;
  Lines lines;
  Scope kept(world.loop());
  Scope dropped(world.loop());
  auto argument = std::make_shared<int>();
  kept.spawn(note(lines, "kept 1"));
  dropped.spawn(call([argument] {}));
  dropped.spawn(note(lines, "dropped"));
  kept.spawn(note(lines, "kept 2"));
  dropped.drop_all();
  EXPECT_EQ(argument.use_count(), 1);
  EXPECT_TRUE(dropped.empty());
  dropped.spawn(note(lines, "spawned afterwards"));
  world.run();
  EXPECT_EQ(lines, (Lines{"kept 1", "kept 2", "spawned afterwards"}));
}

TEST(Scope, DropsStartedTasksInOrderOfTheirStart) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  {
    Scope scope(world.loop());
    for (const char* name : {"a", "b", "c"}) scope.spawn(wait_then(never, [&, name] { lines.push_back(name); }));
    world.run();
    EXPECT_TRUE(lines.empty());
  }
  EXPECT_EQ(lines, (Lines{"a", "b", "c"}));
}

TEST(Scope, ClosedTakesNoMoreTasks) {
  TestWorld world;
  Lines lines;
  Scope scope(world.loop());
  scope.close();
  auto argument = std::make_shared<int>();
  scope.spawn(call([argument] {}));
  EXPECT_EQ(argument.use_count(), 1);
  EXPECT_TRUE(scope.empty());
  EXPECT_TRUE(world.at_rest());
}

// ---- failures ----

struct Reports : FailureHandler {
  void child_failed(const Error& error) noexcept override {
    lines.emplace_back(error.message());
    if (then) then();
  }
  Lines lines;
  std::function<void()> then;
};

Task<Result<>> failing() { co_return fail(Errc::refused, "nobody listens"); }
Task<Result<>> succeeding() { co_return Result<>(); }
Task<> throwing() {
  throw std::runtime_error("broken");
  co_return;
}
Task<> throwing_an_int() {
  throw 5;
  co_return;
}

TEST(Scope, ReportsErrorsAndExceptionsToItsHandlerAndGoesOn) {
  TestWorld world;
  Reports reports;
  Lines lines;
  Scope scope(world.loop(), &reports);
  scope.spawn(failing());
  scope.spawn(succeeding());
  scope.spawn(throwing());
  scope.spawn(throwing_an_int());
  scope.spawn(note(lines, "ran"));
  world.run();
  EXPECT_EQ(reports.lines, (Lines{"nobody listens", "exception: broken", "an exception that is not a std::exception"}));
  EXPECT_EQ(lines, Lines{"ran"});
  EXPECT_TRUE(world.failures().empty());
}

TEST(Scope, WithoutAHandlerReportsToTheLoops) {
  TestWorld world;
  Scope scope(world.loop());
  scope.spawn(failing());
  world.run();
  EXPECT_EQ(world.failures(), Lines{"nobody listens"});
}

TEST(Scope, AHandlerMayDropTheScopeThatReports) {
  TestWorld world;
  Reports reports;
  Event never(world.loop());
  Lines lines;
  auto scope = std::make_unique<Scope>(world.loop(), &reports);
  reports.then = [&] { scope->drop_all(); };
  scope->spawn(wait_then(never, [&] { lines.push_back("sibling dropped"); }));
  scope->spawn(failing());
  world.run();
  EXPECT_EQ(lines, Lines{"sibling dropped"});
  EXPECT_TRUE(scope->empty());
}

TEST(Scope, AHandlerMayDestroyTheScopeThatReports) {
  TestWorld world;
  Reports reports;
  Event never(world.loop());
  Lines lines;
  auto scope = std::make_unique<Scope>(world.loop(), &reports);
  reports.then = [&] { scope.reset(); };
  scope->spawn(wait_then(never, [&] { lines.push_back("sibling dropped"); }));
  scope->spawn(failing());
  scope->spawn(failing());
  world.run();
  EXPECT_EQ(lines, Lines{"sibling dropped"});
  EXPECT_EQ(reports.lines, Lines{"nobody listens"}) << "the second one was dropped before it started";
}

// ---- dropping from within ----

TEST(Scope, ATaskThatDropsItsOwnScopeRunsOnToItsNextSuspension) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope scope(world.loop());
  auto self_dropping = [](Lines& out, Scope& own, Event& event) -> Task<> {
    AtEnd end([&out] { out.push_back("destroyed"); });
    own.drop_all();
    out.push_back("still running");
    co_await event;
    out.push_back("not reached");
  };
  scope.spawn(self_dropping(lines, scope, never));
  scope.spawn(wait_then(never, [&] { lines.push_back("sibling"); }));
  world.run();
  EXPECT_EQ(lines, (Lines{"still running", "destroyed"})) << "the sibling had not started";
  EXPECT_TRUE(scope.empty());
  never.set();
  EXPECT_TRUE(world.at_rest());
}

TEST(Scope, ATaskThatDropsItsOwnScopeMayFinishWithoutSuspending) {
  TestWorld world;
  Reports reports;
  Scope scope(world.loop(), &reports);
  auto task = [](Scope& own) -> Task<Result<>> {
    own.drop_all();
    co_return fail(Errc::internal, "nobody is left to hear this");
  };
  scope.spawn(task(scope));
  world.run();
  EXPECT_TRUE(reports.lines.empty());
  EXPECT_TRUE(scope.empty());
}

Task<> deep_drop(std::unique_ptr<Scope>& scope, Event& event, int depth) {
  if (depth > 0) {
    co_await deep_drop(scope, event, depth - 1);
  } else {
    scope.reset();
  }
  co_await event;
}

TEST(Scope, ATaskMayDestroyItsScopeFromDeepWithin) {
  TestWorld world;
  Event never(world.loop());
  auto scope = std::make_unique<Scope>(world.loop());
  scope->spawn(deep_drop(scope, never, 10));
  world.run();
  EXPECT_EQ(scope, nullptr);
  never.set();
  EXPECT_TRUE(world.at_rest());
}

// What a task's own frame keeps alive: a session that lives as long as its last task.
struct Session {
  explicit Session(Loop& loop) : event(loop), scope(loop) {}
  Event event;
  Lines* lines = nullptr;
  Scope scope;
};

Task<> live(std::shared_ptr<Session> session) { co_await session->event; }

TEST(Scope, MayBeOwnedByAFrameOfItsOwnThatEnds) {
  TestWorld world;
  auto session = std::make_shared<Session>(world.loop());
  std::weak_ptr<Session> watch = session;
  session->scope.spawn(live(session));
  session->scope.spawn(wait_for(session->event));
  world.run();
  session->event.set();
  session.reset();
  EXPECT_FALSE(watch.expired());
  world.run();
  EXPECT_TRUE(watch.expired());
}

TEST(Scope, MayBeOwnedByAFrameOfItsOwnThatIsDropped) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  auto session = std::make_shared<Session>(world.loop());
  Session& raw = *session;
  raw.scope.spawn(wait_then(never, [&] { lines.push_back("first"); }));
  raw.scope.spawn(live(std::move(session)));
  raw.scope.spawn(wait_then(never, [&] { lines.push_back("last"); }));
  world.run();
  raw.scope.drop_all();  // ends the session, and this scope, half-way
  EXPECT_EQ(lines, (Lines{"first", "last"}));
}

TEST(Scope, MayBeOwnedByAFrameOfItsOwnThatNeverStarted) {
  TestWorld world;
  auto session = std::make_shared<Session>(world.loop());
  std::weak_ptr<Session> watch = session;
  Session& raw = *session;
  raw.scope.spawn(live(std::move(session)));
  raw.scope.spawn(wait_for(raw.event));
  raw.scope.drop_all();
  EXPECT_TRUE(watch.expired());
  EXPECT_TRUE(world.at_rest());
}

TEST(Scope, ADestructorMayDropTheScopeAgain) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope scope(world.loop());
  for (const char* name : {"a", "b", "c"}) {
    scope.spawn(wait_then(never, [&, name] {
      lines.push_back(std::string("+") + name);
      scope.drop_all();
      lines.push_back(std::string("-") + name);
    }));
  }
  world.run();
  scope.drop_all();
  EXPECT_EQ(lines, (Lines{"+a", "+b", "+c", "-c", "-b", "-a"})) << "a drop returns when everything is dropped";
  EXPECT_TRUE(scope.empty());
}

TEST(Scope, WhatIsSpawnedDuringADropSurvivesUnlessTheScopeIsClosed) {
  for (bool closing : {false, true}) {
    TestWorld world;
    Lines lines;
    Event never(world.loop());
    Scope scope(world.loop());
    scope.spawn(wait_then(never, [&] { scope.spawn(note(lines, "spawned by a destructor")); }));
    world.run();
    closing ? scope.close() : scope.drop_all();
    EXPECT_EQ(scope.size(), closing ? 0u : 1u);
    world.run();
    EXPECT_EQ(lines.size(), closing ? 0u : 1u);
  }
}

TEST(Scope, ATaskThatDropsTheOneThatOwnsItsScopeMayStillUseItsFrame) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope outer(world.loop());
  auto inner = [](Scope& further_out, Lines& out, std::string& in_the_owners_frame) -> Task<> {
    AtEnd end([&] { out.push_back("end of inner, " + in_the_owners_frame); });
    further_out.drop_all();
    out.push_back("still running");
    co_return;
  };
  auto owner = [](Loop& loop, Event& event, Scope& own, Lines& out, auto make) -> Task<> {
    std::string text = "a string of the owner, long enough to be on the heap";
    AtEnd end([&] { out.push_back("end of owner"); });
    Scope scope(loop);
    scope.spawn(make(own, out, text));
    co_await event;
  };
  outer.spawn(owner(world.loop(), never, outer, lines, inner));
  outer.spawn(wait_then(never, [&] { lines.push_back("other dropped"); }));
  world.run();
  EXPECT_EQ(lines, (Lines{"other dropped", "still running",
                          "end of inner, a string of the owner, long enough to be on the heap", "end of owner"}));
  EXPECT_TRUE(outer.empty());
  EXPECT_TRUE(world.at_rest());
}

Task<> dig(Scope& outermost, Scope& own, int depth, Event& never, int& alive) {
  ++alive;
  AtEnd end([&] { --alive; });
  if (depth == 0) {
    own.drop_all();        // itself,
    outermost.drop_all();  // and all above it
    EXPECT_EQ(alive, 4) << "their frames are still there";
    co_await never;
    co_return;
  }
  Scope scope(own.loop());
  scope.spawn(dig(outermost, scope, depth - 1, never, alive));
  co_await never;
}

TEST(Scope, ATaskMayDropItselfAndThenAllAboveIt) {
  TestWorld world;
  Event never(world.loop());
  int alive = 0;
  Scope outer(world.loop());
  outer.spawn(dig(outer, outer, 3, never, alive));
  world.run();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(outer.empty());
}

Task<> use_at_the_end(Scope& outer, Scope& own, Event& never, Lines& lines, std::string& of_the_owner) {
  AtEnd end([&] { lines.push_back(of_the_owner); });
  outer.drop_all();
  own.drop_all();
  co_await never;
}
Task<> own_and_wait(Loop& loop, Scope& outer, Event& never, Lines& lines) {
  std::string text = "a string of the owner, long enough to be on the heap";
  Scope scope(loop);
  scope.spawn(use_at_the_end(outer, scope, never, lines, text));
  co_await never;
}

TEST(Scope, ATaskMayDropAllAboveItAndThenItself) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope outer(world.loop());
  outer.spawn(own_and_wait(world.loop(), outer, never, lines));
  world.run();
  EXPECT_EQ(lines, Lines{"a string of the owner, long enough to be on the heap"});
  EXPECT_TRUE(outer.empty());
}

// Parameters are destroyed after the body has ended: the task has left its scope by then.
Task<> end_with(AtEnd) { co_return; }

TEST(Scope, AFinishedTasksDestructorsMayEndItsScopeAndDropAllAboveIt) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope outer(world.loop());
  auto owner = [](Loop& loop, Event& event, Scope& own, Lines& out) -> Task<> {
    std::string text = "a string of the owner, long enough to be on the heap";
    auto scope = std::make_unique<Scope>(loop);
    scope->spawn(end_with(AtEnd([&] {
      scope.reset();
      own.drop_all();
      out.push_back(text);
    })));
    co_await event;
  };
  outer.spawn(owner(world.loop(), never, outer, lines));
  world.run();
  EXPECT_EQ(lines, Lines{"a string of the owner, long enough to be on the heap"});
  EXPECT_TRUE(world.at_rest());
}

struct Escaped {
  std::unique_ptr<Scope> scope;
};
Task<> make_a_scope(Loop& loop, Escaped& out) {
  out.scope = std::make_unique<Scope>(loop);
  co_return;
}

TEST(Scope, MayOutliveTheTaskThatMadeIt) {
  TestWorld world;
  Lines lines;
  Escaped escaped;
  Scope outer(world.loop());
  outer.spawn(make_a_scope(world.loop(), escaped));
  world.run();
  ASSERT_TRUE(escaped.scope);
  Event never(world.loop());
  outer.spawn(wait_then(never, [&] { lines.push_back("dropped at once"); }));
  escaped.scope->spawn(call([&] {
    outer.drop_all();
    lines.push_back("ran");
  }));
  world.run();
  EXPECT_EQ(lines, (Lines{"dropped at once", "ran"}));
}

// ---- join ----

Task<> join_and_note(Scope& scope, Lines& lines) {
  co_await scope.join();
  lines.push_back("joined");
}

TEST(Scope, JoinWaitsForTheLastChild) {
  TestWorld world;
  Lines lines;
  Event first(world.loop());
  Event second(world.loop());
  Scope children(world.loop());
  Scope scope(world.loop());
  children.spawn(wait_for(first));
  children.spawn(wait_for(second));
  scope.spawn(join_and_note(children, lines));
  first.set();
  world.run();
  EXPECT_TRUE(lines.empty());
  second.set();
  world.run();
  EXPECT_EQ(lines, Lines{"joined"});
}

TEST(Scope, JoinOfAnEmptyScopeDoesNotWaitAndADropCompletesIt) {
  TestWorld world;
  Lines lines;
  Event never(world.loop());
  Scope children(world.loop());
  Scope scope(world.loop());
  scope.spawn(join_and_note(children, lines));
  world.run();
  EXPECT_EQ(lines, Lines{"joined"});
  children.spawn(wait_for(never));
  scope.spawn(join_and_note(children, lines));
  world.run();
  EXPECT_EQ(lines.size(), 1u);
  children.drop_all();
  world.run();
  EXPECT_EQ(lines.size(), 2u);
}

TEST(Scope, JoinWaitsOnWhenAnotherChildCameBeforeItsTurn) {
  TestWorld world;
  Lines lines;
  Event first(world.loop());
  Event second(world.loop());
  Scope children(world.loop());
  Scope scope(world.loop());
  children.spawn(wait_for(first));
  scope.spawn(join_and_note(children, lines));
  world.run();
  first.set();
  world.step();  // the child ends; the joiner is ready but has not run
  children.spawn(wait_for(second));
  world.run();
  EXPECT_TRUE(lines.empty()) << "join completes when no child is left";
  second.set();
  world.run();
  EXPECT_EQ(lines, Lines{"joined"});
}

TEST(Scope, ADroppedJoinLeavesNothingBehind) {
  TestWorld world;
  Lines lines;
  Event event(world.loop());
  Scope children(world.loop());
  children.spawn(wait_for(event));
  {
    Scope scope(world.loop());
    scope.spawn(join_and_note(children, lines));
    world.run();
  }
  event.set();
  world.run();
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace ghostnet::scope_test
