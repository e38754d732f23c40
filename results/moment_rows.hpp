// Links and events out of the rows of a query, for the readers of this folder.
#pragma once

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/moments.hpp"

namespace ghostnet::results {

// since_ns, until_ns, a, b, kind, fields.
inline LinkAt link_of(const Statement& row) {
  return {.since_ns = row.integer(0),
          .until_ns = row.integer_if(1),
          .a = row.integer(2),
          .b = row.integer(3),
          .kind = row.text(4),
          .fields = row.text(5)};
}

// time_ns, number, host_id, kind, text, fields.
inline EventAt event_of(const Statement& row) {
  return {.time_ns = row.integer(0),
          .number = row.integer(1),
          .host = row.integer_if(2),
          .kind = row.text(3),
          .text = row.text(4),
          .fields = row.text(5)};
}

}  // namespace ghostnet::results
