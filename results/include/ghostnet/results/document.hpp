// The JSON document of a recorded run: the one that `ghostnet run --json` gives, with when it began.
#pragma once

#include <nlohmann/json.hpp>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::results {

// Of what stands in the run's own row: no metrics, no expectations.
nlohmann::json run_summary(const RunRow& run);
// All of it: metrics over everything and by group, and expectations.
Result<nlohmann::json> run_document(const Database& database, const RunRow& run);

}  // namespace ghostnet::results
