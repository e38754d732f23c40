// Logs of hosts: what is a line of one, and what is read of a directory of them.
#include "data/log_files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "ghostnet/runtime/log.hpp"
#include "recorded_run.hpp"

namespace ghostnet::gui::log_files_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(LogLine, IsParsedAsTheRunnerWritesIt) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("host-7.log");
  std::FILE* file = std::fopen(path.c_str(), "w");
  TextLogSink(file).write({.time = TimePoint(12'345'678'901ns),
                           .host = 7,
                           .level = LogLevel::warn,
                           .component = "gossipsub",
                           .text = "no mesh: 3 peers"});
  std::fclose(file);
  std::ifstream read(path);
  std::string line;
  std::getline(read, line);
  const auto parsed = parse_log_line(line);
  ASSERT_TRUE(parsed) << line;
  EXPECT_EQ(parsed->time_ns, 12'345'678'901);
  EXPECT_EQ(parsed->host, 7);
  EXPECT_EQ(parsed->level, "warn");
  EXPECT_EQ(parsed->component, "gossipsub");
  EXPECT_EQ(parsed->text, "no mesh: 3 peers");
}

TEST(LogLine, MayBeOfTheWorldAndWithoutAComponent) {
  const auto parsed = parse_log_line("     0.000000005  world  info   it begins: now");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->host);
  EXPECT_EQ(parsed->time_ns, 5);
  EXPECT_EQ(parsed->component, "");
  EXPECT_EQ(parsed->text, "it begins: now");
}

TEST(LogLine, AnythingElseIsNone) {
  for (const char* line : {"", "   ", "1.5  #7  info   too few digits", "x.000000000  #7  info   no time",
                           "1.000000000  7  info   no host", "1.000000000  #x  info   no host",
                           "1.000000000  #7  loud   no level", "99999999999999999999.000000000  #7  info   too late"}) {
    EXPECT_FALSE(parse_log_line(line)) << line;
  }
}

struct LogFilesTest : testing::Test {
  TemporaryDirectory directory;

  void write(const char* name, std::initializer_list<const char*> lines) {
    std::ofstream file(directory.file(name));
    for (const char* line : lines) file << line << "\n";
  }
  static std::vector<std::string> texts(const LogAnswer& answer) {
    std::vector<std::string> all;
    for (const LogLine& line : answer.lines) all.push_back(line.text);
    return all;
  }
  LogQuestion question() const { return {.directory = directory.path.string(), .hosts = {7, 9}}; }

  LogFilesTest() {
    write("world.log", {"     1.000000000  world  info   one"});
    write("host-7.log", {"     0.500000000  #7  debug  echo: zero", "no line", "     3.000000000  #7  error  three"});
    write("host-8.log", {"     2.000000000  #8  info   not asked for"});
  }
};

TEST_F(LogFilesTest, AreReadInOrderOfTime) {
  const LogAnswer answer = read_logs(question()).value();
  EXPECT_THAT(texts(answer), ElementsAre("zero", "one", "three"));
  EXPECT_THAT(answer.none, ElementsAre(9)) << "it logged nothing";
  EXPECT_FALSE(answer.cut_short);
}

TEST_F(LogFilesTest, AreFilteredByLevelAndWords) {
  LogQuestion wanted = question();
  wanted.least_level = "info";
  EXPECT_THAT(texts(read_logs(wanted).value()), ElementsAre("one", "three"));
  wanted.words = "THR";
  EXPECT_THAT(texts(read_logs(wanted).value()), ElementsAre("three"));
  wanted.least_level.clear();
  wanted.words = "echo";
  EXPECT_THAT(texts(read_logs(wanted).value()), ElementsAre("zero")) << "the component counts, too";
}

TEST_F(LogFilesTest, OfALongFileTheEndIsRead) {
  std::ofstream file(directory.file("host-7.log"));
  const std::string text(1000, 'x');
  for (int line = 0; line < 9'000; ++line) file << fmt::format("{:6}.000000000  #7  info   {}\n", line, text);
  file.close();
  const LogAnswer answer = read_logs(question()).value();
  EXPECT_TRUE(answer.cut_short);
  EXPECT_EQ(answer.lines.back().time_ns, 8'999 * 1'000'000'000LL);
  EXPECT_LT(answer.lines.size(), 8'400U);
}

TEST_F(LogFilesTest, ADirectoryThatIsGoneIsSaid) {
  LogQuestion wanted = question();
  wanted.directory += "/gone";
  const Result<LogAnswer> answer = read_logs(wanted);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), Errc::not_found);
}

}  // namespace
}  // namespace ghostnet::gui::log_files_test
