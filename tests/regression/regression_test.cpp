// Every scenario of this folder gives the digest and the metrics that are kept in goldens/.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "ghostnet/scenarios/runner.hpp"
#include "ghostnet/services/services.hpp"

namespace ghostnet::scenarios::regression_test {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = GHOSTNET_REGRESSION_DIR;

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// By longest common subsequence: "- was" and "+ is", in place.
std::string difference(const std::string& was, const std::string& is) {
  const std::vector<std::string> a = lines_of(was);
  const std::vector<std::string> b = lines_of(is);
  std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string text;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i, ++j;
    } else if (i < a.size() && (j == b.size() || common[i + 1][j] >= common[i][j + 1])) {
      text += "- " + a[i++] + "\n";
    } else {
      text += "+ " + b[j++] + "\n";
    }
  }
  return text;
}

std::string table_of(const RunReport& report) {
  std::string table = fmt::format("digest {:016x}\nhosts {}\ndatagrams {} sent, {} delivered, {} dropped\n",
                                  report.digest.value_or(0), report.hosts, report.counters.datagrams_sent,
                                  report.counters.datagrams_delivered, report.counters.datagrams_dropped);
  for (const MetricSnapshot& metric : report.metrics) {
    const MetricSummary& all = metric.total;
    if (metric.info.kind != MetricKind::histogram) {
      table += fmt::format("{} {} {}\n", metric.info.name, all.sum, metric.info.unit);
    } else {
      const Histogram& h = all.histogram;
      table += fmt::format("{} count {} mean {} p50 {} p99 {} max {} {}\n", metric.info.name, h.count(), h.mean(),
                           h.percentile(50), h.percentile(99), h.max(), metric.info.unit);
    }
  }
  for (const auto& [text, verdict] : report.expectations) {
    table += fmt::format("{}: {}\n", text, verdict.held ? "held" : "did not hold");
  }
  return table;
}

class Regression : public testing::TestWithParam<std::string> {};

TEST_P(Regression, RunsAsItDid) {
  ServiceRegistry registry;
  ASSERT_TRUE(services::add_all(registry));
  const std::string file = (kFolder / (GetParam() + ".yaml")).string();
  const std::string text = read_text_file(file, 1 << 20).value();
  const LoadResult scenario = load_scenario(text, file, registry);
  ASSERT_TRUE(scenario) << scenario.error().front().to_string();
  TextLogSink sink(stderr);
  Result<std::unique_ptr<RunWorld>> world =
      make_simulated(*scenario, &sim::make_world, sink, {.level = LogLevel::error});
  ASSERT_TRUE(world) << world.error().message();
  std::string table;
  {
    Runner runner(*scenario, **world);
    const Result<> ready = runner.set_up();
    ASSERT_TRUE(ready) << ready.error().message();
    const RunReport report = runner.run();
    EXPECT_EQ(report.status, RunStatus::passed);
    table = table_of(report);
  }
  const fs::path golden = kFolder / "goldens" / (GetParam() + ".txt");
  const std::string kept = read_text_file(golden.string(), 1 << 20).value_or("");
  const std::string changed = difference(kept, table);
  if (std::getenv("GHOSTNET_UPDATE_GOLDENS") == nullptr) {
    EXPECT_EQ(changed, "") << "./ghostnet test --update-goldens keeps this as the new golden";
    return;
  }
  if (changed.empty()) return;
  fs::create_directories(golden.parent_path());
  std::ofstream(golden) << table;
  fmt::print("{} changed:\n{}", golden.string(), changed);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Regression, testing::ValuesIn(scenario_names()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(Difference, SaysWhatWentAndWhatCame) {
  EXPECT_EQ(difference("a\nb\nc\n", "a\nx\nc\nd\n"), "- b\n+ x\n+ d\n");
  EXPECT_EQ(difference("a\n", "a\n"), "");
  EXPECT_EQ(difference("", "a\n"), "+ a\n");
}

}  // namespace
}  // namespace ghostnet::scenarios::regression_test
