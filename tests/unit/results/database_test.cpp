// What can be wrong with a results file, and what is said of it.
#include "ghostnet/results/database.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "ghostnet/results/schema.hpp"
#include "ghostnet/results/store.hpp"
#include "results_file.hpp"

namespace ghostnet::results::database_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Access = DatabaseOptions::Access;

struct DatabaseTest : ResultsFile {
  void write_file(std::string_view text) { std::ofstream(path_, std::ios::binary) << text; }
  // The failure of opening it, as code and message.
  void expect_refused(Access access, Errc code, const std::string& words) {
    const Result<Database> opened = Database::open(path_, {.access = access, .busy_timeout = 1ms});
    ASSERT_FALSE(opened) << words;
    EXPECT_EQ(opened.error(), code) << opened.error().message();
    EXPECT_THAT(std::string(opened.error().message()), HasSubstr(words));
    EXPECT_THAT(std::string(opened.error().message()), HasSubstr(path_));
  }
};

TEST_F(DatabaseTest, IsMadeByAWriterInTheSchemaOfThisProgram) {
  const Database database = open(Access::write);
  EXPECT_THAT(rows(database, "PRAGMA user_version"), ElementsAre(std::to_string(kSchemaVersion)));
  EXPECT_THAT(rows(database, "PRAGMA journal_mode"), ElementsAre("wal"));
  EXPECT_THAT(rows(database, "PRAGMA foreign_keys"), ElementsAre("1"));
  EXPECT_THAT(rows(database,
                   "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                   "AND strict = 0 AND name NOT LIKE 'sqlite_%'"),
              ElementsAre());
}

TEST_F(DatabaseTest, EveryViewCanBeRead) {
  const Database database = open(Access::write);
  for (const std::string& view : rows(database, "SELECT name FROM sqlite_schema WHERE type = 'view'")) {
    EXPECT_THAT(rows(database, "SELECT * FROM " + view), ElementsAre()) << view;
  }
}

TEST_F(DatabaseTest, AReaderRefusesWhatIsNotThere) {
  expect_refused(Access::read, Errc::not_found, "there is no such file");
}

TEST_F(DatabaseTest, AReaderChangesNothing) {
  {
    open(Access::write);
  }
  const Database database = open();
  const Result<> changed = database.execute("DELETE FROM runs");
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error(), Errc::permission);
}

TEST_F(DatabaseTest, RefusesADirectoryAndAPlaceThatIsNotThere) {
  std::filesystem::create_directory(path_);
  expect_refused(Access::write, Errc::invalid_argument, "a directory");
  path_ += "/missing/results.sqlite";
  expect_refused(Access::write, Errc::not_found, "there is no directory");
}

TEST_F(DatabaseTest, RefusesAFileThatIsNoDatabase) {
  write_file(std::string(5'000, 'x'));
  expect_refused(Access::read, Errc::malformed, "not a results database");
  expect_refused(Access::write, Errc::malformed, "not a results database");
  write_file("name: mesh\nduration: 10 s\n" + std::string(5'000, '#'));
  expect_refused(Access::read, Errc::malformed, path_ + ": a text file, not a results database");
  write_file("<!DOCTYPE html>\n<html></html>");
  expect_refused(Access::read, Errc::malformed, path_ + ": an HTML page, not a results database");
  write_file(std::string("\x0a\x0d\x0d\x0a\x1c\0\0\0", 8) + std::string(5'000, '\0'));
  expect_refused(Access::write, Errc::malformed, path_ + ": a packet trace (pcapng), not a results database");
  write_file("");
  expect_refused(Access::read, Errc::malformed, "empty");
}

TEST_F(DatabaseTest, RefusesTheDatabaseOfAnotherProgram) {
  {
    const Database foreign = std::move(Database::open_bare(path_, {.access = Access::write}).value());
    ASSERT_TRUE(foreign.execute("CREATE TABLE notes (text TEXT)"));
  }
  expect_refused(Access::read, Errc::invalid_argument, "of another program");
  expect_refused(Access::write, Errc::invalid_argument, "of another program");
}

TEST_F(DatabaseTest, RefusesTheFileOfANewerProgram) {
  ASSERT_TRUE(open(Access::write).execute("PRAGMA user_version = 99"));
  expect_refused(Access::read, Errc::invalid_argument, "written by a newer ghostnet (schema 99");
  expect_refused(Access::write, Errc::invalid_argument, "written by a newer ghostnet");
}

TEST_F(DatabaseTest, RefusesATruncatedFile) {
  {
    open(Access::write);
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  expect_refused(Access::read, Errc::malformed, "damaged or truncated");
  expect_refused(Access::write, Errc::malformed, "damaged or truncated");
}

TEST_F(DatabaseTest, RefusesAFileThatIsLocked) {
  const Database other = std::move(Database::open_bare(path_, {.access = Access::write}).value());
  ASSERT_TRUE(other.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"));
  expect_refused(Access::write, Errc::busy, "locked by another program");
}

// A run, a message and a link, as version 1 had them.
void make_version_1(const std::string& path) {
  const Database old = std::move(Database::open_bare(path, {.access = Access::write}).value());
  ASSERT_TRUE(migrate(old, migrations().first(1)));
  ASSERT_TRUE(old.execute(
      "INSERT INTO scenarios VALUES (1, 'a.yaml', 'name: a');"
      "INSERT INTO runs (run_id, scenario_id, name, mode, carrier, seed, repeat, revision, parameters, "
      "started_unix_ms, process_id, planned_ns) VALUES (1, 1, 'a', 'sim', 'fabric', '1', 0, '', '{}', 0, 1, 5);"
      "INSERT INTO messages VALUES (1, 10, 1, 20, 0, 1, 99, 'datagram');"
      "INSERT INTO links VALUES (1, 0, 1, NULL, 'wire', 0, 1, NULL)"));
}

TEST_F(DatabaseTest, BringsAFileOfVersionOneUpToDateAndKeepsWhatIsInIt) {
  make_version_1(path_);
  const Database database = open();  // by a reader, who brings it up to date first
  EXPECT_THAT(rows(database, "PRAGMA user_version"), ElementsAre(std::to_string(kSchemaVersion)));
  EXPECT_THAT(rows(database, "SELECT sent_ns, received_ns, bytes, trace FROM messages"), ElementsAre("10|20|99|0"));
  EXPECT_THAT(rows(database, "SELECT kind, a, b FROM links"), ElementsAre("wire|0|1"));
  EXPECT_THAT(rows(database, "SELECT count(*) FROM positions UNION ALL SELECT count(*) FROM link_series"),
              ElementsAre("0", "0"));
  EXPECT_THAT(rows(database, "PRAGMA integrity_check"), ElementsAre("ok"));
  EXPECT_THAT(rows(database, "PRAGMA foreign_key_check"), ElementsAre());
}

// As somebody whom the system lets read, and nothing else.
class Guest {
 public:
  explicit Guest(const std::filesystem::path& directory) {
    constexpr auto kReadable = std::filesystem::perms{0444}, kVisible = std::filesystem::perms{0555};
    std::filesystem::permissions(directory, kVisible);
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      std::filesystem::permissions(entry.path(), kReadable);
    }
    constexpr uid_t kNobody = 65534;
    if (owner_ == 0) is_guest_ = ::seteuid(kNobody) == 0;
  }
  ~Guest() {
    if (is_guest_) EXPECT_EQ(::seteuid(owner_), 0);
  }

 private:
  uid_t owner_ = ::geteuid();
  bool is_guest_ = false;
};

TEST_F(DatabaseTest, ReadsAFileOfVersionOneThatMayNotBeWritten) {
  make_version_1(path_);
  {
    const Guest guest(directory_);
    const Result<Database> opened = Database::open(path_, {});
    ASSERT_TRUE(opened) << opened.error().message();
    const Database& database = *opened;
    EXPECT_THAT(rows(database, "PRAGMA user_version"), ElementsAre(std::to_string(kSchemaVersion)));
    EXPECT_THAT(rows(database, "SELECT sent_ns, received_ns, bytes, trace FROM messages"), ElementsAre("10|20|99|0"));
    EXPECT_FALSE(database.execute("DELETE FROM links"));
    EXPECT_FALSE(Database::open(path_, {.access = Access::write}));
  }
  std::filesystem::permissions(directory_, std::filesystem::perms::owner_all);
  const Database itself = std::move(Database::open_bare(path_, {}).value());
  EXPECT_THAT(rows(itself, "PRAGMA user_version"), ElementsAre("1"));
}

TEST_F(DatabaseTest, MigratesStepByStepInOneTransaction) {
  const Database database = std::move(Database::open_bare(path_, {.access = Access::write}).value());
  const char* first[] = {"CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7)"};
  ASSERT_TRUE(migrate(database, first));
  const char* second[] = {first[0], "ALTER TABLE a RENAME TO b"};
  ASSERT_TRUE(migrate(database, second));
  EXPECT_THAT(rows(database, "SELECT x FROM b"), ElementsAre("7"));
  EXPECT_THAT(rows(database, "PRAGMA user_version"), ElementsAre("2"));
  const char* broken[] = {first[0], second[1], "CREATE TABLE c (x INTEGER); this is no SQL"};
  EXPECT_FALSE(migrate(database, broken));
  EXPECT_THAT(rows(database, "PRAGMA user_version"), ElementsAre("2"));
  EXPECT_THAT(rows(database, "SELECT name FROM sqlite_schema"), ElementsAre("b"));
}

}  // namespace
}  // namespace ghostnet::results::database_test
