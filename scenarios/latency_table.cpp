#include "ghostnet/scenarios/latency_table.hpp"

#include <algorithm>
#include <vector>

#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/text.hpp"

namespace ghostnet::scenarios {

namespace {

struct Cell {
  std::string_view text;
  Position at;
};

std::vector<Cell> cells_of(std::string_view line, std::size_t number) {
  std::vector<Cell> cells;
  std::size_t column = 1;
  while (true) {
    const std::size_t comma = std::min(line.find(','), line.size());
    cells.push_back({trimmed(line.substr(0, comma)), {number, column, 0}});
    if (comma == line.size()) return cells;
    column += comma + 1;
    line.remove_prefix(comma + 1);
  }
}

// Rows of cells, without comments and empty lines.
std::vector<std::vector<Cell>> rows_of(std::string_view text, std::size_t max_rows) {
  std::vector<std::vector<Cell>> rows;
  for (std::size_t number = 1; !text.empty() && rows.size() <= max_rows; ++number) {
    const std::string_view line = trimmed(take_until(text, '\n'));
    if (!line.empty() && line.front() != '#') rows.push_back(cells_of(line, number));
  }
  return rows;
}

std::unexpected<Diagnostic> wrong(Position at, std::string message) {
  return std::unexpected(Diagnostic{.file = {}, .at = at, .key = "latencies", .message = std::move(message)});
}

std::string quoted(std::string_view text) { return fmt::format("'{}'", text.substr(0, 60)); }

}  // namespace

std::expected<sim::RegionsSpec, Diagnostic> read_latency_table(std::string_view text, std::size_t max_regions) {
  const std::vector<std::vector<Cell>> rows = rows_of(text, max_regions + 1);
  if (rows.size() < 2) return wrong({}, "expected a header and a row for each region");
  const std::vector<Cell>& header = rows[0];
  const bool weighted = header.size() > 1 && header[1].text == "weight";
  const std::size_t first = weighted ? 2 : 1;
  const std::size_t count = rows.size() - 1;
  if (count > max_regions) return wrong(rows.back()[0].at, fmt::format("more than {} regions", max_regions));
  if (header.size() != first + count) {
    return wrong(header[0].at, fmt::format("{} rows want as many columns of latencies, not {}", count,
                                           header.size() - std::min(first, header.size())));
  }
  sim::RegionsSpec table;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<Cell>& row = rows[i + 1];
    if (row.size() != header.size()) {
      return wrong(row[0].at, fmt::format("expected {} cells as in the header, found {}", header.size(), row.size()));
    }
    if (row[0].text.empty() || row[0].text != header[first + i].text) {
      return wrong(row[0].at, fmt::format("expected the row of {}, in the order of the columns, found {}",
                                          quoted(header[first + i].text), quoted(row[0].text)));
    }
    std::uint32_t weight = 1;
    if (weighted) {
      Result<std::uint64_t> written = parse_unsigned(row[1].text);
      if (!written || *written > 1'000'000) {
        return wrong(row[1].at, fmt::format("{} is no weight: expected 0 to 1000000", quoted(row[1].text)));
      }
      weight = static_cast<std::uint32_t>(*written);
    }
    table.regions.push_back({.name = std::string(row[0].text), .weight = weight});
    for (std::size_t j = 0; j < count; ++j) {
      const Cell& cell = row[first + j];
      Result<Duration> delay = parse_duration(fmt::format("{} ms", cell.text));
      if (!delay || *delay < 0ns || *delay > 24h) {
        return wrong(cell.at, fmt::format("{} is no number of milliseconds", quoted(cell.text)));
      }
      table.paths.push_back({.delay = *delay});
    }
  }
  const bool nobody = std::ranges::all_of(table.regions, [](const auto& region) { return region.weight == 0; });
  if (nobody) return wrong(header[0].at, "no region has a weight");
  return table;
}

}  // namespace ghostnet::scenarios
