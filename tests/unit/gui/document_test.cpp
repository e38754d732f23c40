// The document and the data source behind it: what is read, when it is told, and what is said of files that are not
// what they should be.
#include "ghostnet/gui/document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <fstream>

#include "ghostnet/results/schema.hpp"
#include "recorded_run.hpp"

namespace ghostnet::gui::document_test {
namespace {

namespace fs = std::filesystem;

struct DocumentTest : testing::Test {
  TemporaryDirectory directory;
  DataSource data;
  Document document{data};
  QString problem;

  DocumentTest() {
    QObject::connect(&document, &Document::problem, &document, [this](const QString& message) { problem = message; });
  }
  void open(const std::string& path) {
    document.open(QString::fromStdString(path));
    ASSERT_TRUE(data.settle());
  }
  // Handles events until `holds` does, or five seconds passed.
  template <class Holds>
  bool soon(Holds holds) {
    QElapsedTimer since;
    since.start();
    while (!holds() && since.elapsed() < 5'000) QCoreApplication::processEvents(QEventLoop::AllEvents, 10);
    return holds();
  }
};

TEST_F(DocumentTest, OpensTheLastRunOfADatabase) {
  record_run(directory.file("a.sqlite"), 3);
  record_run(directory.file("a.sqlite"), 5);
  open(directory.file("a.sqlite"));
  ASSERT_NE(document.run(), nullptr);
  EXPECT_EQ(document.runs().size(), 2U);
  EXPECT_EQ(document.run_id(), 2);
  EXPECT_EQ(document.hosts()->size(), 5U);
  EXPECT_EQ(document.end_ns(), 10'000'000'000);
  ASSERT_NE(document.find_series("requests"), nullptr);
  EXPECT_TRUE(document.find_series("requests")->of_hosts);
  EXPECT_EQ(problem, "");
}

TEST_F(DocumentTest, KeepsTheTimeWithinTheRun) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  document.set_time_ns(99'000'000'000);
  EXPECT_EQ(document.time_ns(), 10'000'000'000);
  document.set_time_ns(-1);
  EXPECT_EQ(document.time_ns(), 0);
}

TEST_F(DocumentTest, AQuestionAskedAgainIsAnsweredOnce) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  Inquiry inquiry;
  std::vector<int> answers;
  for (int question = 0; question < 20; ++question) {
    data.ask(
        inquiry, [question](const results::Database&) -> Result<int> { return question; },
        [&](Result<int> answer) { answers.push_back(*answer); });
  }
  ASSERT_TRUE(data.settle());
  EXPECT_EQ(answers, std::vector<int>{19});
}

TEST_F(DocumentTest, ADroppedAskerIsNotAnswered) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  bool answered = false;
  {
    Inquiry inquiry;
    data.ask(inquiry, [](const results::Database&) -> Result<int> { return 1; }, [&](Result<int>) { answered = true; });
  }
  ASSERT_TRUE(data.settle());
  EXPECT_FALSE(answered);
}

TEST_F(DocumentTest, ALongQueryThatNobodyWantsIsBrokenOff) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  Inquiry inquiry;
  std::atomic<bool> begun = false;
  data.ask(
      inquiry,
      [&begun](const results::Database& database) -> Result<int> {
        begun = true;
        // Would count for hours.
        const auto counted = database.integer(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000000) SELECT count(*) "
            "FROM "
            "n");
        if (!counted) return fail(counted);
        return 0;
      },
      [](Result<int>) { FAIL() << "nobody wants this"; });
  ASSERT_TRUE(soon([&] { return begun.load(); }));
  inquiry.withdraw();
  EXPECT_TRUE(data.settle(20'000));
}

TEST_F(DocumentTest, FollowsARunThatIsWritten) {
  auto store = std::move(results::Store::open(directory.file("live.sqlite")).value());
  record_run(*store, 4, false);
  open(directory.file("live.sqlite"));
  ASSERT_TRUE(soon([&] { return document.end_ns() == 10'000'000'000; }));
  EXPECT_TRUE(document.is_live());
  EXPECT_TRUE(document.follows_end());
  store->event({.time = TimePoint(12s), .host = 1, .kind = "crash", .text = ""});
  EXPECT_TRUE(soon([&] { return document.end_ns() == 12'000'000'000; }));
  EXPECT_EQ(document.time_ns(), 12'000'000'000);
  ASSERT_TRUE(store->finish({.simulated = 13s}));
  EXPECT_TRUE(soon([&] { return !document.is_live(); }));
}

TEST_F(DocumentTest, SaysWhatIsWrongWithAFile) {
  const auto says = [&](const std::string& path, const char* words) {
    problem.clear();
    document.open(QString::fromStdString(path));
    EXPECT_TRUE(soon([&] { return !problem.isEmpty(); })) << words;
    EXPECT_TRUE(problem.contains(words)) << problem.toStdString();
    EXPECT_TRUE(problem.contains(QString::fromStdString(path))) << problem.toStdString();
  };
  says(directory.file("none.sqlite"), "no such file");

  std::ofstream(directory.file("text.sqlite")) << std::string(10'000, 'x');
  says(directory.file("text.sqlite"), "a text file, not a results database");

  std::ofstream(directory.file("trace.pcapng")) << "\x0a\x0d\x0d\x0a" << std::string(1'000, '\1');
  says(directory.file("trace.pcapng"), "a packet trace (pcapng), not a results database");

  ASSERT_EQ(mkfifo(directory.file("pipe").c_str(), 0600), 0);
  says(directory.file("pipe"), "a pipe, not a results database");

  says(directory.path.string(), "a directory");

  std::ofstream(directory.file("empty.sqlite")).flush();
  says(directory.file("empty.sqlite"), "empty");

  record_run(directory.file("long.sqlite"), 500);
  fs::resize_file(directory.file("long.sqlite"), 8192 * 3);
  says(directory.file("long.sqlite"), "damaged or truncated");

  const auto write = [&](const char* name, const char* sql) {
    auto database = std::move(
        results::Database::open_bare(directory.file(name), {.access = results::DatabaseOptions::Access::write})
            .value());
    ASSERT_TRUE(database.execute(sql));
  };
  write("foreign.sqlite", "CREATE TABLE songs (title TEXT)");
  says(directory.file("foreign.sqlite"), "of another program");

  record_run(directory.file("newer.sqlite"), 3);
  write("newer.sqlite", "PRAGMA user_version = 1000");
  says(directory.file("newer.sqlite"), "newer ghostnet");
}

TEST_F(DocumentTest, SaysThatAFileIsLocked) {
  record_run(directory.file("a.sqlite"), 3);
  auto other = std::move(
      results::Database::open_bare(directory.file("a.sqlite"), {.access = results::DatabaseOptions::Access::write})
          .value());
  ASSERT_TRUE(other.execute("PRAGMA journal_mode=DELETE; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE"));
  document.open(QString::fromStdString(directory.file("a.sqlite")));
  ASSERT_TRUE(soon([&] { return !problem.isEmpty(); }));
  EXPECT_TRUE(problem.contains("locked")) << problem.toStdString();
}

TEST_F(DocumentTest, AFileThatDoesNotOpenLeavesTheOpenOne) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  open(directory.file("none.sqlite"));
  EXPECT_FALSE(problem.isEmpty());
  EXPECT_EQ(document.path().toStdString(), directory.file("a.sqlite"));
  EXPECT_EQ(document.hosts()->size(), 3U);
}

TEST_F(DocumentTest, SaysOnceThatTheRunWasDeletedWhileShown) {
  record_run(directory.file("a.sqlite"), 3);
  record_run(directory.file("a.sqlite"), 5);
  open(directory.file("a.sqlite"));
  ASSERT_EQ(document.run_id(), 2);
  int told = 0;
  QObject::connect(&document, &Document::problem, [&] { ++told; });
  auto other = std::move(
      results::Database::open(directory.file("a.sqlite"), {.access = results::DatabaseOptions::Access::write}).value());
  ASSERT_TRUE(other.execute("DELETE FROM runs WHERE run_id = 2"));
  ASSERT_TRUE(soon([&] { return told > 0; }));
  EXPECT_TRUE(problem.contains("Run 2 was deleted")) << problem.toStdString();
  EXPECT_EQ(document.hosts()->size(), 5U) << "it stays on the screen";
  ASSERT_TRUE(other.execute("UPDATE runs SET warnings = '[\"slow\"]'"));
  int looked = 0;
  QObject::connect(&document, &Document::runs_changed, [&] { ++looked; });
  ASSERT_TRUE(soon([&] { return looked > 0; }));
  EXPECT_EQ(told, 1);
  document.show_run(1);
  EXPECT_TRUE(soon([&] { return document.run_id() == 1; }));
}

TEST_F(DocumentTest, SaysThatAnotherFileTookThePlaceOfTheShownOne) {
  record_run(directory.file("a.sqlite"), 3);
  record_run(directory.file("b.sqlite"), 6);
  open(directory.file("a.sqlite"));
  fs::rename(directory.file("b.sqlite"), directory.file("a.sqlite"));
  ASSERT_TRUE(soon([&] { return !problem.isEmpty(); }));
  EXPECT_TRUE(problem.contains("deleted or replaced")) << problem.toStdString();
  EXPECT_EQ(document.hosts()->size(), 3U);
  open(directory.file("a.sqlite"));
  EXPECT_EQ(document.hosts()->size(), 6U) << "opened again it is the new one";
}

TEST_F(DocumentTest, SaysThatAFileWasDeletedWhileShown) {
  record_run(directory.file("a.sqlite"), 3);
  open(directory.file("a.sqlite"));
  fs::remove(directory.file("a.sqlite"));
  ASSERT_TRUE(soon([&] { return !problem.isEmpty(); }));
  EXPECT_TRUE(problem.contains("deleted")) << problem.toStdString();
  EXPECT_EQ(document.hosts()->size(), 3U);
}

TEST(HostTable, FindsByNumberNameGroupAndRegion) {
  std::vector<results::HostRow> rows;
  for (std::int64_t id = 0; id < 100; ++id) {
    rows.push_back(
        {.id = id, .name = fmt::format("node-{}", id), .group = id < 3 ? "servers" : "rest", .region = "europe"});
  }
  const HostTable hosts(std::move(rows));
  EXPECT_EQ(hosts.find("host 47", 1), std::vector<std::size_t>{47});
  EXPECT_EQ(hosts.find("47", 1), std::vector<std::size_t>{47});
  EXPECT_EQ(hosts.find("node-47", 1), std::vector<std::size_t>{47});
  EXPECT_EQ(hosts.find("SERV", 10).size(), 3U);
  EXPECT_EQ(hosts.find("euro", 10).size(), 10U);
  EXPECT_TRUE(hosts.find("  ", 10).empty());
  EXPECT_TRUE(hosts.find("nobody", 10).empty());
}

}  // namespace
}  // namespace ghostnet::gui::document_test
