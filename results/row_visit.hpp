// Visiting the rows of a query, for the readers of this folder.
#pragma once

#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ghostnet/results/database.hpp"

namespace ghostnet::results {

// Calls visit(statement) for each row, until one fails.
template <class Visit, class... Values>
Result<> for_each_row(const Database& database, std::string_view sql, Visit&& visit, const Values&... values) {
  Result<Statement> statement = database.prepare(sql);
  if (!statement) return fail(std::move(statement));
  statement->bind(values...);
  while (true) {
    Result<bool> row = statement->step();
    if (!row) return fail(std::move(row));
    if (!*row) return {};
    if (Result<> visited = visit(*statement); !visited) return visited;
  }
}

// All rows, each made into a value by read(statement).
template <class Read, class... Values>
auto collect_rows(const Database& database, std::string_view sql, Read&& read, const Values&... values) {
  using Row = std::invoke_result_t<Read, const Statement&>;
  std::vector<Row> all;
  Result<> visited = for_each_row(
      database, sql,
      [&](const Statement& row) -> Result<> {
        all.push_back(read(row));
        return {};
      },
      values...);
  if (!visited) return Result<std::vector<Row>>(fail(std::move(visited)));
  return Result<std::vector<Row>>(std::move(all));
}

}  // namespace ghostnet::results
