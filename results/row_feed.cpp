#include "row_feed.hpp"

#include <sqlite3.h>

namespace ghostnet::results {

namespace {

// What SQLite calls. A table or cursor is passed as the base that it begins with, as SQLite's interface for virtual
// tables wants it; both are made and deleted here.
struct Table : sqlite3_vtab {
  const RowFeed* feed;
};

struct Cursor : sqlite3_vtab_cursor {
  const RowFeed* feed;
  std::size_t at;
  RowFeed::Row row;

  bool is_at_end() const { return at >= feed->size(); }
  void go_to(std::size_t place) {
    at = place;
    if (!is_at_end()) feed->read(at, row);
  }
};

int connect(sqlite3* database, void* feed, int, const char* const*, sqlite3_vtab** table, char**) {
  static_assert(RowFeed::kColumns == 8);
  const int code = sqlite3_declare_vtab(database, "CREATE TABLE row_feed (c1, c2, c3, c4, c5, c6, c7, c8)");
  if (code == SQLITE_OK) *table = new Table{{}, static_cast<const RowFeed*>(feed)};
  return code;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

// One way to read it: all, in order.
int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }

int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor) {
  *cursor = new Cursor{{}, static_cast<const Table*>(table)->feed, 0, {}};
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int rewind(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  static_cast<Cursor*>(cursor)->go_to(0);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  auto& self = *static_cast<Cursor*>(cursor);
  self.go_to(self.at + 1);
  return SQLITE_OK;
}

int is_at_end(sqlite3_vtab_cursor* cursor) { return static_cast<const Cursor*>(cursor)->is_at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int number) {
  struct Answer {
    sqlite3_context* result;
    void operator()(std::monostate) const { sqlite3_result_null(result); }
    void operator()(std::int64_t integer) const { sqlite3_result_int64(result, integer); }
    void operator()(double real) const { sqlite3_result_double(result, real); }
    void operator()(std::string_view text) const {
      // A null pointer would be NULL.
      const char* data = text.data() != nullptr ? text.data() : "";
      sqlite3_result_text64(result, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    }
    void operator()(ByteView bytes) const { sqlite3_result_blob64(result, bytes.data(), bytes.size(), SQLITE_STATIC); }
  };
  std::visit(Answer{result}, static_cast<const Cursor*>(cursor)->row[static_cast<std::size_t>(number)]);
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
  *id = static_cast<sqlite3_int64>(static_cast<const Cursor*>(cursor)->at);
  return SQLITE_OK;
}

// Without a way to create one, the table is there by its name alone and is not written to the file.
const sqlite3_module& feed_module() {
  static const sqlite3_module made = [] {
    sqlite3_module module{};
    module.xConnect = connect;
    module.xBestIndex = best_index;
    module.xDisconnect = disconnect;
    module.xOpen = open;
    module.xClose = close;
    module.xFilter = rewind;
    module.xNext = next;
    module.xEof = is_at_end;
    module.xColumn = column;
    module.xRowid = row_id;
    return module;
  }();
  return made;
}

}  // namespace

Result<> RowFeed::offer_to(const Database& database) {
  if (sqlite3_create_module(database.handle(), "row_feed", &feed_module(), this) == SQLITE_OK) return {};
  return fail(database.error("offering rows"));
}

}  // namespace ghostnet::results
