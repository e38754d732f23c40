// The report: one HTML page that needs nothing else, with charts as inline SVG; for a screen, light or dark, and for
// paper.
#pragma once

#include <string>
#include <vector>

#include "ghostnet/results/database.hpp"
#include "ghostnet/results/reader.hpp"

namespace ghostnet::results {

// Of runs that belong together: one run, its repeats, a sweep. Charts of time, distribution and topology are drawn of
// the first run and, where that helps, of the others beside it; sweeps and repeats as means with confidence intervals.
Result<std::string> html_report(const Database& database, const std::vector<RunRow>& runs);

}  // namespace ghostnet::results
