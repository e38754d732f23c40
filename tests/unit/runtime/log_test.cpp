#include "ghostnet/runtime/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ghostnet::log_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes what it is given as "seconds host level component text".
struct RecordingSink : LogSink {
  void write(const LogRecord& record) override {
    lines.push_back(fmt::format("{} {} {} {} {}", to_ns(record.time) / 1'000'000'000, record.host,
                                to_string(record.level), record.component, record.text));
  }
  std::vector<std::string> lines;
};

struct LogTest : testing::Test {
  RecordingSink sink;
  TimePoint now = from_ns(0);

  std::unique_ptr<LogHub> hub(LogOptions options = {}) {
    return std::make_unique<LogHub>(sink, [this] { return now; }, std::move(options));
  }
};

// Counts how often it is formatted.
struct Costly {
  int* formatted;
};

}  // namespace
}  // namespace ghostnet::log_test

template <>
struct fmt::formatter<ghostnet::log_test::Costly> {
  constexpr auto parse(format_parse_context& context) { return context.begin(); }
  auto format(const ghostnet::log_test::Costly& value, format_context& context) const {
    ++*value.formatted;
    return fmt::format_to(context.out(), "costly");
  }
};

namespace ghostnet::log_test {
namespace {

TEST(Log, IsAViewOfTwoPointersSize) { EXPECT_EQ(sizeof(Log), 16U); }

TEST(Log, IsOffByDefaultAndWithoutAHub) {
  const Log log;
  EXPECT_FALSE(log.on(LogLevel::error));
  log.error("nobody reads {}", "this");
  log.named("component").error("nor this");
}

TEST_F(LogTest, HandsTimeHostLevelComponentAndTextToTheSink) {
  const auto logs = hub();
  now = from_ns(3'500'000'000);
  logs->host(7).named("gossipsub").warn("{} peers of {}", 3, "news");
  logs->world().info("partition healed");
  EXPECT_THAT(sink.lines,
              ElementsAre("3 7 warn gossipsub 3 peers of news", fmt::format("3 {} info  partition healed", kNoHost)));
}

TEST_F(LogTest, WritesNothingBelowTheLevelAndFormatsNothingEither) {
  const auto logs = hub({.level = LogLevel::warn});
  const Log log = logs->host(0);
  int formatted = 0;
  log.trace("{}", Costly{&formatted});
  log.debug("{}", Costly{&formatted});
  log.info("{}", Costly{&formatted});
  EXPECT_EQ(formatted, 0);
  log.warn("{}", Costly{&formatted});
  log.error("{}", Costly{&formatted});
  EXPECT_EQ(formatted, 2);
  EXPECT_THAT(sink.lines, ElementsAre("0 0 warn  costly", "0 0 error  costly"));
}

TEST_F(LogTest, LetsEachComponentHaveALevelOfItsOwn) {
  const auto logs =
      hub({.level = LogLevel::info, .component_levels = {{"tcp", LogLevel::trace}, {"tls", LogLevel::off}}});
  const Log log = logs->host(0);
  log.debug("unseen");
  log.named("tcp").trace("seen");
  log.named("tls").error("unseen");
  log.named("quic").debug("unseen");
  log.named("quic").info("seen");
  EXPECT_THAT(sink.lines, ElementsAre("0 0 trace tcp seen", "0 0 info quic seen"));
}

TEST_F(LogTest, LogsWithoutTheNameOfAComponentPastTheBound) {
  const auto logs = hub({.max_components = 2});
  logs->host(0).named("first").info("x");
  logs->host(0).named("second").info("y");
  EXPECT_THAT(sink.lines, ElementsAre("0 0 info first x", "0 0 info  y"));
}

TEST_F(LogTest, BoundsTheLinesOfAHostInOneSecondAndSaysHowManyItLeftOut) {
  const auto logs = hub({.max_lines_per_host_per_second = 2});
  const Log log = logs->host(1);
  int formatted = 0;
  for (int i = 0; i < 5; ++i) log.info("{}", Costly{&formatted});
  EXPECT_EQ(formatted, 2) << "what is suppressed is not formatted";
  now = from_ns(1'000'000'000);
  log.info("next second");
  EXPECT_THAT(sink.lines, ElementsAre("0 1 info  costly", "0 1 info  costly", "1 1 warn log 3 lines suppressed",
                                      "1 1 info  next second"));
  EXPECT_EQ(logs->lines_suppressed(), 3U);
}

TEST_F(LogTest, BoundsEachHostByItself) {
  const auto logs = hub({.max_lines_per_host_per_second = 1});
  for (int i = 0; i < 2; ++i) {
    logs->host(1).info("one");
    logs->host(2).info("two");
  }
  EXPECT_THAT(sink.lines, ElementsAre("0 1 info  one", "0 2 info  two"));
}

TEST_F(LogTest, CountsSecondsFromTheOriginDownwardsToo) {
  const auto logs = hub({.max_lines_per_host_per_second = 1});
  now = from_ns(-1);
  logs->host(1).info("before");
  now = from_ns(0);
  logs->host(1).info("after");
  EXPECT_EQ(sink.lines.size(), 2U);
}

TEST_F(LogTest, HasNoBoundWhereItIsZero) {
  const auto logs = hub({.max_lines_per_host_per_second = 0});
  for (int i = 0; i < 1'000; ++i) logs->host(1).info("x");
  EXPECT_EQ(sink.lines.size(), 1'000U);
}

TEST_F(LogTest, ReportsWhatItStillOwesInOrderOfHostWhenItEnds) {
  auto logs = hub({.max_lines_per_host_per_second = 1});
  for (const HostId host : {9U, 4U, 9U, 4U, 4U}) logs->host(host).info("x");
  sink.lines.clear();
  logs.reset();
  EXPECT_THAT(sink.lines, ElementsAre("0 4 warn log 2 lines suppressed", "0 9 warn log 1 lines suppressed"));
}

TEST_F(LogTest, CutsLinesThatAreTooLongBetweenCharacters) {
  const auto logs = hub({.max_line_bytes = 4});
  logs->host(0).info("abcd");
  logs->host(0).info("abcde");
  logs->host(0).info("abc\u00e9f");  // its two bytes would straddle the fourth
  EXPECT_THAT(sink.lines, ElementsAre("0 0 info  abcd", "0 0 info  abcd...", "0 0 info  abc..."));
}

TEST(LogLevelNames, ReadBack) {
  for (const auto level :
       {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::off}) {
    EXPECT_EQ(parse_log_level(to_string(level)).value(), level);
  }
  const auto refused = parse_log_level("loud");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Errc::invalid_argument);
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("trace, debug, info"));
}

struct TextLogSinkTest : testing::Test {
  std::FILE* file = std::tmpfile();
  ~TextLogSinkTest() override { std::fclose(file); }

  std::string written() {
    std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    return text;
  }
};

TEST_F(TextLogSinkTest, WritesOneAlignedLineForEachRecord) {
  TextLogSink sink(file);
  sink.write({from_ns(12'345'678'901), 7, LogLevel::warn, "tcp", "retransmitted"});
  sink.write({from_ns(-1'500'000'000), kNoHost, LogLevel::error, "", "late"});
  sink.write({from_ns(-1), 0, LogLevel::info, "", "x"});
  EXPECT_EQ(written(),
            "    12.345678901  #7  warn   tcp: retransmitted\n"
            "    -1.500000000  world  error  late\n"
            "    -0.000000001  #0  info   x\n");
}

TEST_F(TextLogSinkTest, NamesHostsAsItIsTold) {
  TextLogSink sink(file, {.host_name = [](HostId host) { return fmt::format("node-{}", host); }});
  sink.write({from_ns(0), 7, LogLevel::info, "", "x"});
  EXPECT_EQ(written(), "     0.000000000  node-7  info   x\n");
}

TEST_F(TextLogSinkTest, ColorsTheLevelOnATerminal) {
  TextLogSink sink(file, {.color = true});
  sink.write({from_ns(0), 7, LogLevel::error, "", "x"});
  EXPECT_EQ(written(), "     0.000000000  #7\x1b[31m  error  \x1b[0mx\n");
}

TEST_F(TextLogSinkTest, LetsNoPeerForgeALineOrCommandTheTerminal) {
  TextLogSink sink(file);
  sink.write({from_ns(0), 7, LogLevel::info, "", "agent \"a\n9.0 #1 error\x1b[2J\xc2\x9b\xff na\u00efve\""});
  EXPECT_EQ(written(), "     0.000000000  #7  info   agent \"a\\x0a9.0 #1 error\\x1b[2J\\xc2\\x9b\\xff na\u00efve\"\n");
}

}  // namespace
}  // namespace ghostnet::log_test
