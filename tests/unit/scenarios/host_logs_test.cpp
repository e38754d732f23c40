// The log of each host in a file of its own.
#include "ghostnet/scenarios/host_logs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "ghostnet/scenarios/source_files.hpp"

namespace ghostnet::scenarios::host_logs_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct HostLogsTest : testing::Test, LogSink {
  ~HostLogsTest() override { std::filesystem::remove_all(directory); }
  void write(const LogRecord& record) override { passed_on.emplace_back(record.text); }

  std::string text_of(const std::string& file) { return read_text_file(directory + "/" + file, 1 << 20).value_or(""); }

  std::string directory = (std::filesystem::temp_directory_path() /
                           fmt::format("ghostnet-{}-{}", testing::UnitTest::GetInstance()->random_seed(),
                                       testing::UnitTest::GetInstance()->current_test_info()->name()))
                              .string();
  std::vector<std::string> passed_on;
};

LogRecord line(HostId host, LogLevel level, std::string_view text) {
  return {.time = TimePoint{1s}, .host = host, .level = level, .component = {}, .text = text};
}

TEST_F(HostLogsTest, EveryHostHasItsFile) {
  {
    auto logs = HostLogs::open(directory + "/deep", *this, LogLevel::warn).value();
    logs->write(line(3, LogLevel::info, "hello"));
    logs->write(line(4, LogLevel::warn, "beware"));
    logs->write(line(kNoHost, LogLevel::info, "a world"));
  }
  EXPECT_THAT(text_of("deep/host-3.log"), HasSubstr("hello"));
  EXPECT_THAT(text_of("deep/host-4.log"), HasSubstr("beware"));
  EXPECT_THAT(text_of("deep/world.log"), HasSubstr("a world"));
  EXPECT_THAT(passed_on, ElementsAre("beware")) << "the terminal keeps its own level";
}

TEST_F(HostLogsTest, ManyHostsShareFewOpenFiles) {
  {
    auto logs = HostLogs::open(directory, *this, LogLevel::off).value();
    for (int round = 0; round < 2; ++round) {
      for (HostId host = 0; host < 2 * HostLogs::kMaxOpen; ++host)
        logs->write(line(host, LogLevel::info, fmt::format("round {}", round)));
    }
  }
  EXPECT_THAT(text_of("host-0.log"), HasSubstr("round 0"));
  EXPECT_THAT(text_of("host-0.log"), HasSubstr("round 1")) << "a file that was closed is gone on with";
}

TEST_F(HostLogsTest, ADirectoryThatCannotBeIsAnError) {
  const auto logs = HostLogs::open("/dev/null/logs", *this, LogLevel::off);
  ASSERT_FALSE(logs);
  EXPECT_THAT(std::string(logs.error().message()), HasSubstr("record.logs: making the directory /dev/null/logs"));
}

}  // namespace
}  // namespace ghostnet::scenarios::host_logs_test
