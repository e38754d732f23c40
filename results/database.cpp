#include "ghostnet/results/database.hpp"

#include <sqlite3.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "file_kind.hpp"
#include "ghostnet/results/schema.hpp"

namespace ghostnet::results {

namespace {

namespace fs = std::filesystem;

constexpr int kStepsBetweenAsking = 2'000;  // of SQLite's virtual machine: some tens of microseconds

Errc code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_FULL: return Errc::no_buffers;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return Errc::malformed;
    case SQLITE_CANTOPEN: return Errc::not_found;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH: return Errc::permission;
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR: return Errc::closed;
    case SQLITE_NOMEM: return Errc::limit;
    default: return Errc::internal;
  }
}

std::string words_of(int sqlite_code, const std::string& path, const char* message) {
  switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "locked by another program; close it, or choose another file";
    case SQLITE_FULL: return "the disk is full; free some space, or choose another place";
    case SQLITE_NOTADB: return fmt::format("{}, not a results database", kind_of_file(path));
    case SQLITE_CORRUPT:
      return fmt::format("damaged or truncated ({}); `sqlite3 FILE .recover` may save a part of it", message);
    case SQLITE_CANTOPEN: return fmt::format("cannot be opened ({})", message);
    case SQLITE_PERM:
    case SQLITE_READONLY: return fmt::format("cannot be written ({})", message);
    case SQLITE_INTERRUPT: return "broken off, since nobody waits for it any more";
    case SQLITE_IOERR: return fmt::format("reading or writing failed ({})", message);
    default: return message;
  }
}

Error error_of(sqlite3* handle, const std::string& path, std::string_view doing) {
  const int code = sqlite3_extended_errcode(handle);
  const std::string words = words_of(code, path, sqlite3_errmsg(handle));
  // What is no database was not being opened, whoever tried to.
  if ((code & 0xff) == SQLITE_NOTADB) return {code_of(code), fmt::format("{}: {}", path, words)};
  return {code_of(code), fmt::format("{}: {}{}{}", path, doing, doing.empty() ? "" : ": ", words)};
}

// "file:" names take parameters; what has a meaning in them is escaped.
std::string uri_of(const std::string& path, std::string_view parameters) {
  std::string uri = "file:";
  for (char c : fs::absolute(path).string()) {
    if (c == '?' || c == '#' || c == '%') {
      uri += fmt::format("%{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      uri += c;
    }
  }
  return uri + "?" + std::string(parameters);
}

Result<> check_path(const std::string& path, DatabaseOptions::Access access) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::is_directory(status)) return fail(Errc::invalid_argument, "{}: a directory, not a results database", path);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    return fail(Errc::invalid_argument, "{}: a device or a pipe, not a results database", path);
  }
  if (fs::exists(status)) {
    if (access == DatabaseOptions::Access::write || fs::file_size(path, error) != 0 || error) return {};
    return fail(Errc::malformed, "{}: empty, not a results database", path);
  }
  if (access == DatabaseOptions::Access::read) {
    return fail(Errc::not_found, "{}: there is no such file; `ghostnet run FILE --db {}` records one", path, path);
  }
  const fs::path folder = fs::absolute(path).parent_path();
  if (!fs::is_directory(folder, error)) {
    return fail(Errc::not_found, "{}: there is no directory {}", path, folder.string());
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return fail(Errc::permission, "{}: nothing may be written in the directory {}", path, folder.string());
  }
  return {};
}

// Where a file exists that may not be opened so: not_found are the files that readers and writers of a log share.
bool is_forbidden(const Result<Database>& database) {
  return !database && (database.error() == Errc::permission || database.error() == Errc::not_found);
}

}  // namespace

// ---- Statement ----

Statement::Statement(Statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(statement_);
  Error error = error_of(database, sqlite3_db_filename(database, "main"), {});
  sqlite3_reset(statement_);
  return fail(std::move(error));
}

Result<> Statement::run() {
  Result<bool> stepped = step();
  sqlite3_reset(statement_);
  if (!stepped) return fail(std::move(stepped));
  return {};
}

void Statement::reset() { sqlite3_reset(statement_); }

std::size_t Statement::columns() const { return static_cast<std::size_t>(sqlite3_column_count(statement_)); }
std::string Statement::column_name(std::size_t column) const {
  return sqlite3_column_name(statement_, static_cast<int>(column));
}
bool Statement::is_null(std::size_t column) const {
  return sqlite3_column_type(statement_, static_cast<int>(column)) == SQLITE_NULL;
}
bool Statement::is_bytes(std::size_t column) const {
  return sqlite3_column_type(statement_, static_cast<int>(column)) == SQLITE_BLOB;
}
std::int64_t Statement::integer(std::size_t column) const {
  return sqlite3_column_int64(statement_, static_cast<int>(column));
}
std::optional<std::int64_t> Statement::integer_if(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return integer(column);
}
double Statement::real(std::size_t column) const { return sqlite3_column_double(statement_, static_cast<int>(column)); }
std::optional<double> Statement::real_if(std::size_t column) const {
  if (is_null(column)) return std::nullopt;
  return real(column);
}
std::string Statement::text(std::size_t column) const {
  const auto at = static_cast<int>(column);
  const unsigned char* text = sqlite3_column_text(statement_, at);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
}
ByteView Statement::bytes(std::size_t column) const {
  const auto at = static_cast<int>(column);
  const void* data = sqlite3_column_blob(statement_, at);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, at))};
}

void Statement::bind_one(int at, const SqlValue& value) {
  struct Binding {
    sqlite3_stmt* statement;
    int at;
    void operator()(std::monostate) const { sqlite3_bind_null(statement, at); }
    void operator()(std::int64_t integer) const { sqlite3_bind_int64(statement, at, integer); }
    void operator()(double real) const { sqlite3_bind_double(statement, at, real); }
    void operator()(std::string_view text) const {
      // A null pointer would bind NULL.
      const char* data = text.data() != nullptr ? text.data() : "";
      sqlite3_bind_text64(statement, at, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    void operator()(ByteView bytes) const {
      sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_STATIC);
    }
  };
  std::visit(Binding{statement_, at}, value);
}

// ---- Database ----

// How long a lock is waited for, and for how long it has been.
struct Database::Wait {
  static constexpr auto kPatience = std::chrono::seconds(1);
  static constexpr int kLongestPause_ms = 50;

  std::chrono::nanoseconds timeout{};
  std::function<void()> on_wait{};
  std::chrono::steady_clock::time_point began{};

  // SQLite's busy handler; `attempt` counts from 0 for each lock.
  static int go_on(void* wait, int attempt) {
    Wait& self = *static_cast<Wait*>(wait);
    const auto now = std::chrono::steady_clock::now();
    if (attempt == 0) self.began = now;
    if (now - self.began >= self.timeout) return 0;
    if (self.on_wait && now - self.began >= kPatience) std::exchange(self.on_wait, {})();
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(1 + 2 * attempt, kLongestPause_ms)));
    return 1;
  }
};

Database::Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

Database::Database(Database&& other) noexcept
    : path_(std::move(other.path_)),
      handle_(std::exchange(other.handle_, nullptr)),
      unwanted_(std::move(other.unwanted_)),
      wait_(std::move(other.wait_)) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(handle_, other.handle_);
  std::swap(unwanted_, other.unwanted_);
  std::swap(wait_, other.wait_);
  return *this;
}

Database::~Database() { sqlite3_close_v2(handle_); }

Result<Database> Database::open_bare(const std::string& path, const DatabaseOptions& options) {
  if (Result<> usable = check_path(path, options.access); !usable) return fail(std::move(usable));
  constexpr int kCommon = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (options.access == DatabaseOptions::Access::write) {
    return open_as(path, kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "", options);
  }
  // A reader that may write tidies up what a killed run left of its log; one that may not needs the files that readers
  // of a log share; and where those cannot be made and no log is left over, the file is complete and cannot change.
  Result<Database> database = open_as(path, kCommon | SQLITE_OPEN_READWRITE, "", options);
  if (database) {
    if (Result<> set = database->execute("PRAGMA query_only=ON"); !set) return fail(std::move(set));
    return database;
  }
  if (is_forbidden(database)) database = open_as(path, kCommon | SQLITE_OPEN_READONLY, "", options);
  if (is_forbidden(database) && !fs::exists(path + "-wal")) {
    database = open_as(path, kCommon | SQLITE_OPEN_READONLY, "immutable=1", options);
  }
  return database;
}

Result<Database> Database::open_as(const std::string& path, int flags, const char* parameters,
                                   const DatabaseOptions& options) {
  return open_named(uri_of(path, parameters), path, flags, options);
}

Result<Database> Database::open_named(const std::string& name, const std::string& path, int flags,
                                      const DatabaseOptions& options) {
  // SQLite would count every allocation under a lock that all its connections share; nobody asks for the count.
  // Refused, and no harm done, where the program that we are a part of has SQLite at work already.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  Database database(path, handle);
  if (code != SQLITE_OK) return fail(database.error("opening"));
  database.wait_ = std::make_unique<Wait>(Wait{.timeout = options.busy_timeout, .on_wait = options.on_wait});
  sqlite3_busy_handler(handle, Wait::go_on, database.wait_.get());
  const std::string pragmas =
      fmt::format("PRAGMA schema_version; PRAGMA foreign_keys=ON; PRAGMA cache_size=-{}; PRAGMA temp_store=MEMORY",
                  options.cache_bytes / 1024);
  code = sqlite3_exec(handle, pragmas.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(database.error("opening"));
  return database;
}

Result<Database> Database::open(const std::string& path, const DatabaseOptions& options) {
  Result<Database> database = open_bare(path, options);
  if (!database) return database;
  Result<std::int64_t> version = checked_version(*database, options.access);
  if (!version) return fail(std::move(version));
  if (options.access == DatabaseOptions::Access::write) {
    if (Result<> migrated = migrate(*database); !migrated) return fail(std::move(migrated));
    return database;
  }
  if (*version == kSchemaVersion) return database;
  // Older: brought up to date by a writer, if we may be one.
  DatabaseOptions writing = options;
  writing.access = DatabaseOptions::Access::write;
  Result<Database> written = Database::open(path, writing);
  if (is_forbidden(written)) written = up_to_date_copy(*database, options);
  if (!written) return fail(written.error().while_doing(fmt::format("bringing its schema {} up to date", *version)));
  return written;
}

// Of a file that may not be written: in a temporary one, which goes with the handle.
Result<Database> Database::up_to_date_copy(const Database& older, const DatabaseOptions& options) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  Result<Database> copy = open_named("", older.path_, kFlags, options);
  if (!copy) return copy;
  sqlite3_backup* backup = sqlite3_backup_init(copy->handle_, "main", older.handle_, "main");
  if (backup == nullptr) return fail(copy->error("copying"));
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) return fail(copy->error("copying"));
  if (Result<> migrated = migrate(*copy); !migrated) return fail(std::move(migrated));
  if (Result<> set = copy->execute("PRAGMA query_only=ON"); !set) return fail(std::move(set));
  return copy;
}

Result<> Database::execute(const char* sql) const {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return fail(error({}));
}

Result<Statement> Database::prepare(std::string_view sql) const {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if ((code & 0xff) == SQLITE_ERROR) {
    throw std::logic_error(fmt::format("results: {}: {}", sqlite3_errmsg(handle_), sql));
  }
  if (code != SQLITE_OK) return fail(error({}));
  return Statement(statement);
}

Result<std::optional<std::int64_t>> Database::integer(std::string_view sql) const {
  Result<Statement> statement = prepare(sql);
  if (!statement) return fail(std::move(statement));
  Result<bool> row = statement->step();
  if (!row) return fail(std::move(row));
  if (!*row || statement->is_null(0)) return std::optional<std::int64_t>{};
  return statement->integer(0);
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(handle_); }
std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

void Database::interrupt_when(std::function<bool()> unwanted) {
  unwanted_ = std::make_unique<std::function<bool()>>(std::move(unwanted));
  const auto ask = [](void* function) { return (*static_cast<std::function<bool()>*>(function))() ? 1 : 0; };
  sqlite3_progress_handler(handle_, kStepsBetweenAsking, ask, unwanted_.get());
}

Error Database::error(std::string_view doing) const { return error_of(handle_, path_, doing); }

// ---- Transaction ----

Result<Transaction> Transaction::begin(const Database& database) {
  if (Result<> begun = database.execute("BEGIN IMMEDIATE"); !begun) return fail(std::move(begun));
  return Transaction(database);
}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Result<> Transaction::commit() {
  Result<> committed = database_->execute("COMMIT");
  if (committed) database_ = nullptr;
  return committed;
}

}  // namespace ghostnet::results
