// A registry with one toy of a service, files in memory, and what comes of loading a scenario.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

struct ToyOptions {
  std::uint16_t port = 7;
  static constexpr OptionDesc kOptions[] = {option<&ToyOptions::port>("port", "of the toy", at_least(1))};
};
struct ToyRequest {
  DataSize size{64};
  static constexpr OptionDesc kOptions[] = {option<&ToyRequest::size>("size", "of a request")};
};
struct ToyMetrics {
  Counter requests;
  HistogramRef rtt;
  static constexpr std::string_view kFamily = "toy";
  static constexpr FamilyMetric<ToyMetrics> kMetrics[] = {{&ToyMetrics::requests, "requests", "requests", "made"},
                                                          {&ToyMetrics::rtt, "rtt", "ns", "round trips"}};
};
class Toy : public Service {
 public:
  using Options = ToyOptions;
  using Metrics = ToyMetrics;
  static Result<std::unique_ptr<Toy>> start(const ServiceContext&, ToyOptions) { return std::make_unique<Toy>(); }
  Task<Result<>> ask(Peer, const ToyRequest&) { co_return Result<>(); }
  Task<> stop(TimePoint) override { co_return; }
};

class ScenarioTest : public testing::Test {
 protected:
  ScenarioTest() {
    Result<> added = registry.add(describe<Toy>("toy", "a toy").operation<&Toy::ask>("ask", "asks"));
    EXPECT_TRUE(added);
  }

  Scenario good(std::string_view text, const Overrides& overrides = {}, const std::string& file = "a.yaml") {
    LoadResult result = load_scenario(text, file, registry, overrides, read);
    if (!result) {
      ADD_FAILURE() << result.error().front().to_string();
      return {};
    }
    return std::move(*result);
  }
  // All that is wrong, a line each.
  std::string bad(std::string_view text, const Overrides& overrides = {}) {
    LoadResult result = load_scenario(text, "a.yaml", registry, overrides, read);
    if (result) return "nothing is wrong";
    std::string all;
    for (const Diagnostic& diagnostic : result.error()) all += diagnostic.to_string() + "\n";
    return all;
  }

  ServiceRegistry registry;
  std::map<std::string, std::string> files;
  ReadFile read = [this](const std::string& path, std::size_t) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return fail(Errc::not_found, "{}: there is no such file", path);
    return found->second;
  };
};

}  // namespace ghostnet::scenarios
