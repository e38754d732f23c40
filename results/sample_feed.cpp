#include "sample_feed.hpp"

#include <sqlite3.h>

namespace ghostnet::results {

namespace {

// What SQLite calls. A table or cursor is passed as the base that it begins with, as SQLite's interface for virtual
// tables wants it; both are made and deleted here.
struct Table : sqlite3_vtab {
  const SampleFeed* feed;
};

struct Cursor : sqlite3_vtab_cursor {
  std::span<const Sample> samples;
  std::size_t at;
};

int connect(sqlite3* database, void* feed, int, const char* const*, sqlite3_vtab** table, char**) {
  const int code = sqlite3_declare_vtab(database, "CREATE TABLE sample_feed (host_id INTEGER, value REAL)");
  if (code == SQLITE_OK) *table = new Table{{}, static_cast<const SampleFeed*>(feed)};
  return code;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

// One way to read it: all, in order.
int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }

int open(sqlite3_vtab*, sqlite3_vtab_cursor** cursor) {
  *cursor = new Cursor{};
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int rewind(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  auto& self = *static_cast<Cursor*>(cursor);
  self.samples = static_cast<const Table*>(cursor->pVtab)->feed->samples();
  self.at = 0;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<Cursor*>(cursor)->at;
  return SQLITE_OK;
}

int is_at_end(sqlite3_vtab_cursor* cursor) {
  const auto& self = *static_cast<const Cursor*>(cursor);
  return self.at >= self.samples.size() ? 1 : 0;
}

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* result, int number) {
  const auto& self = *static_cast<const Cursor*>(cursor);
  const Sample& sample = self.samples[self.at];
  if (number == 0) {
    sqlite3_result_int64(result, sample.host);
  } else {
    sqlite3_result_double(result, sample.value);
  }
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

Result<> SampleFeed::offer_to(const Database& database) {
  if (sqlite3_create_module(database.handle(), "sample_feed", &feed_module(), this) == SQLITE_OK) return {};
  return fail(database.error("offering samples"));
}

}  // namespace ghostnet::results
