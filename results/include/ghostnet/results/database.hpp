// Database: one connection to a results file, and what can be wrong with such a file, in words.
//
// Everything that reads or writes results goes through this header, so that no other folder sees sqlite3. A Database
// belongs to one thread at a time; its statements do not outlive it. Files are in WAL mode: readers never wait for the
// writer, and a process that is killed leaves what it had committed.
//
// Errors, all of them somebody's disk or file: not_found (no such file), malformed (truncated, damaged, or no SQLite
// file at all), invalid_argument (of another program, or of a newer ghostnet), busy (locked for longer than the
// timeout), no_buffers (the disk is full), permission.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ghostnet::results {

class Database;

// What SQLite keeps: NULL, an integer, a real (NaN becomes NULL), text or bytes. Text and bytes are not owned.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;

template <class Value>
SqlValue sql_value(const Value& value) {
  if constexpr (std::is_same_v<Value, std::nullopt_t>) {
    return std::monostate();
  } else if constexpr (requires { value.has_value(); }) {
    return value.has_value() ? sql_value(*value) : std::monostate();
  } else if constexpr (std::is_integral_v<Value>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<Value>) {
    return double{value};
  } else if constexpr (std::is_convertible_v<const Value&, std::string_view>) {
    return std::string_view(value);
  } else {
    return ByteView(value);
  }
}

// A prepared statement: bind, step through the rows, and again. Columns are read between two steps.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Binds the values to ?1, ?2, ...; text and bytes must live until the statement is stepped or bound again.
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int at = 0;
    (bind_one(++at, sql_value(values)), ...);
    return *this;
  }
  // True: there is a row. False: no more.
  Result<bool> step();
  // For a statement without rows.
  Result<> run();
  template <class... Values>
  Result<> run_with(const Values&... values) {
    return bind(values...).run();
  }
  void reset();

  std::size_t columns() const;
  std::string column_name(std::size_t column) const;
  bool is_null(std::size_t column) const;
  bool is_bytes(std::size_t column) const;
  std::int64_t integer(std::size_t column) const;
  std::optional<std::int64_t> integer_if(std::size_t column) const;
  double real(std::size_t column) const;
  std::optional<double> real_if(std::size_t column) const;
  std::string text(std::size_t column) const;
  ByteView bytes(std::size_t column) const;  // until the next step

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  void bind_one(int at, const SqlValue& value);

  sqlite3_stmt* statement_;
};

struct DatabaseOptions {
  enum class Access : std::uint8_t {
    read,   // the file exists; nothing is changed
    write,  // made when there is none, brought to the present schema
  };
  Access access = Access::read;
  // How long a lock of another process is waited for.
  Duration busy_timeout = 30s;
  std::size_t cache_bytes = std::size_t{32} << 20;
  // Called when a lock has been waited for longer than a second, once.
  std::function<void()> on_wait{};
};

class Database {
 public:
  // Opens, checks whose file it is, and migrates it where it is older. To read one that may not be written a temporary
  // copy is migrated.
  static Result<Database> open(const std::string& path, const DatabaseOptions& options);
  // Without the check and the schema: for the schema itself and for tests.
  static Result<Database> open_bare(const std::string& path, const DatabaseOptions& options);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  const std::string& path() const { return path_; }
  // Several statements, without values.
  Result<> execute(const char* sql) const;
  // A statement that does not compile is a bug of ours: std::logic_error. A damaged file fails.
  Result<Statement> prepare(std::string_view sql) const;
  // The first column of the first row; nothing where there is no row or it is NULL.
  Result<std::optional<std::int64_t>> integer(std::string_view sql) const;
  std::int64_t last_insert_id() const;
  std::int64_t changes() const;
  // Asked now and then while a statement runs; true breaks it off with Errc::closed. For readers whose answer may
  // become unwanted.
  void interrupt_when(std::function<bool()> unwanted);
  // What the last call failed with.
  Error error(std::string_view doing) const;
  // For what else of this folder stands on SQLite.
  sqlite3* handle() const { return handle_; }

 private:
  static Result<Database> open_as(const std::string& path, int flags, const char* parameters,
                                  const DatabaseOptions& options);
  // `name` as SQLite takes it; `path` for messages.
  static Result<Database> open_named(const std::string& name, const std::string& path, int flags,
                                     const DatabaseOptions& options);
  static Result<Database> up_to_date_copy(const Database& older, const DatabaseOptions& options);
  Database(std::string path, sqlite3* handle);

  std::string path_;
  sqlite3* handle_ = nullptr;
  struct Wait;
  std::unique_ptr<std::function<bool()>> unwanted_;  // SQLite has its address, and that of the next
  std::unique_ptr<Wait> wait_;
};

// BEGIN IMMEDIATE ... COMMIT; rolled back when dropped before commit().
class Transaction {
 public:
  static Result<Transaction> begin(const Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Result<> commit();

 private:
  explicit Transaction(const Database& database) : database_(&database) {}
  const Database* database_;
};

}  // namespace ghostnet::results
