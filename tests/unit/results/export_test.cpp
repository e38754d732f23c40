#include "ghostnet/results/export.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "ghostnet/results/html_report.hpp"
#include "ghostnet/results/junit.hpp"
#include "recorded_file.hpp"

namespace ghostnet::results::export_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct ExportTest : RecordedFile {
  using Export = Result<> (*)(const Database&, const std::vector<RunRow>&, const ByteSink&);
  std::string exported(Export as) {
    const Database database = open();
    std::string text;
    EXPECT_TRUE(as(database, runs(database).value(), [&](ByteView piece) -> Result<> {
      text += as_text(piece);
      return {};
    }));
    return text;
  }
  std::string csv(const std::string& table) {
    const Database database = open();
    std::string text;
    const Result<> done = export_csv(database, runs(database).value(), table, [&](ByteView piece) -> Result<> {
      text += as_text(piece);
      return {};
    });
    return done ? text : std::string(done.error().message());
  }
};

TEST_F(ExportTest, CsvHasAHeadAndQuotesWhatNeedsIt) {
  record({});
  EXPECT_THAT(csv("series"), StartsWith("run_id,metric,unit,time_s,value\r\n1,echo.requests,requests,1.0,100.0\r\n"));
  EXPECT_THAT(csv("events"), HasSubstr("1,5000000000,1,2,crash,\"said \"\"so\"\"\",\r\n"));
  EXPECT_THAT(csv("seris"), HasSubstr("there is no table or view 'seris' of runs; did you mean 'series'?"));
  EXPECT_THAT(csv("runs; DROP TABLE runs"), HasSubstr("there is no table or view"));
}

TEST_F(ExportTest, JsonHasTheDocumentsAndTheSeries) {
  record({.seed = 7});
  const json document = json::parse(exported(export_json));
  const json& run = document["runs"][0];
  EXPECT_EQ(run["seed"], "7");
  EXPECT_EQ(run["status"], "failed");
  EXPECT_EQ(run["metrics"]["echo.requests"], 4000);
  EXPECT_EQ(run["groups"]["clients"]["echo.rtt"]["count"], 400);
  EXPECT_EQ(run["series"]["echo.requests"]["points"].size(), 40U);
  EXPECT_EQ(run["expectations"][1]["value"], nullptr);
}

TEST_F(ExportTest, JunitHasASuiteForEachRunAndACaseForEachExpectation) {
  record({.sweep_point = {{"network.loss", "1 %"}}, .repeat = 2});
  record({.finished = false});
  const std::string xml = exported(export_junit);
  EXPECT_THAT(xml, HasSubstr("<testsuites name=\"ghostnet\" tests=\"3\" failures=\"1\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"made &lt;up&gt; [network.loss=1 %, repeat 2]\" tests=\"2\""));
  EXPECT_THAT(xml, HasSubstr("name=\"echo.requests &gt; 1000\" time=\"1.000\"/>"));
  EXPECT_THAT(xml, HasSubstr("message=\"p99(echo.other) &lt; 1 s: nothing was measured\""));
  EXPECT_THAT(xml, HasSubstr("<error type=\"unfinished\" message=\"the run was unfinished\"/>"));
}

TEST_F(ExportTest, MarkdownSaysWhatPassedAndWhatDidNotHold) {
  record({.sweep_point = {{"network.loss", "1 %"}}});
  record({.finished = false});
  const std::string text = exported(export_markdown);
  EXPECT_THAT(text,
              StartsWith("### ghostnet: 0 of 2 runs passed\n\n| run | scenario | what did not hold | it was |\n"));
  EXPECT_THAT(text, HasSubstr("| 1 | made \\<up\\> | `p99(echo.other) < 1 s` | nothing measured |\n"));
  EXPECT_THAT(text, HasSubstr("\n| ❌ | 1 | made \\<up\\> | network.loss=1 % | "));
  EXPECT_THAT(text, HasSubstr("\n| ⚠️ | 2 | made"));
}

TEST_F(ExportTest, PrometheusHasBaseUnitsAndCumulativeBuckets) {
  record({.sweep_point = {{"network.loss", "1 %"}}});
  const std::string text = exported(export_prometheus);
  EXPECT_THAT(text, HasSubstr("# TYPE ghostnet_echo_requests_total counter\n"
                              "ghostnet_echo_requests_total{run=\"1\",name=\"made <up>\",seed=\"1\","
                              "network_loss=\"1 %\"} 4000\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE ghostnet_echo_rtt_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr(",le=\"+Inf\"} 400\n"));
  EXPECT_THAT(text, HasSubstr("ghostnet_echo_rtt_seconds_count{run=\"1\""));
}

TEST_F(ExportTest, ChromeTraceIsJsonWithCountersEventsAndMessages) {
  record({});
  const json trace = json::parse(exported(export_chrome));
  std::map<std::string, int> phases;
  for (const json& event : trace["traceEvents"]) ++phases[event["ph"].get<std::string>()];
  EXPECT_EQ(phases["C"], 40 + 40 + 40);
  EXPECT_EQ(phases["i"], 1);
  EXPECT_EQ(phases["X"], 1);
  EXPECT_EQ(phases["M"], 2 + 3);
}

TEST_F(ExportTest, TheReportIsOnePageThatRefersToNothingElse) {
  record({.sweep_point = {{"network.loss", "1 %"}}});
  record({.requests_per_s = 90, .sweep_point = {{"network.loss", "5 %"}}});
  const Database database = open();
  const std::string page = html_report(database, runs(database).value()).value();
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  for (const char* outside : {"src=", "href=", "@import", "url(", "<script"}) {
    EXPECT_THAT(page, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(page, HasSubstr("0 of 2 runs passed"));
  EXPECT_THAT(page, HasSubstr("sum of echo.requests by network.loss"));
  EXPECT_THAT(page, HasSubstr("Distribution of echo.rtt"));
  EXPECT_THAT(page, HasSubstr("3 hosts and 1 links (1 wire)"));
  EXPECT_THAT(page, HasSubstr("<li class=\"s0\">clients</li><li class=\"s1\">servers</li>")) << "the larger first";
  EXPECT_THAT(page, HasSubstr("made &lt;up&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<up>")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST_F(ExportTest, TheReportTakesRepeatsTogetherAndSaysWhatASweepDoesNotChange) {
  for (const char* loss : {"1 %", "5 %"}) {
    for (std::uint32_t repeat = 0; repeat < 2; ++repeat) {
      record({.latency_ns = loss[0] == '1' ? 20'000'000U : 30'000'000U,
              .sweep_point = {{"network.loss", loss}},
              .repeat = repeat});
    }
  }
  const Database database = open();
  const std::string page = html_report(database, runs(database).value()).value();
  EXPECT_THAT(page, HasSubstr("The same at every point: sum of echo.requests: 4k requests"));
  EXPECT_THAT(page, Not(HasSubstr("sum of echo.requests by network.loss")));
  EXPECT_THAT(page, HasSubstr("p50 of echo.rtt by network.loss"));
  EXPECT_THAT(page, HasSubstr("<li class=\"s1\">network.loss=5 %</li>"));
  EXPECT_THAT(page, Not(HasSubstr("repeat 1</li>")));
}

TEST_F(ExportTest, TheReportShadesFaultsWhileTheyLast) {
  record({.events = {{.time = TimePoint(10s), .kind = "fault_begins", .text = "faults[0].partition"},
                     {.time = TimePoint(12s), .kind = "fault_begins", .text = "faults[1].readdress"},
                     {.time = TimePoint(20s), .kind = "fault_ends", .text = "faults[0].partition"},
                     {.time = TimePoint(30s), .kind = "fault_begins", .text = "faults[2].slow"}}});
  const Database database = open();
  const std::string page = html_report(database, runs(database).value()).value();
  EXPECT_THAT(page, HasSubstr(">partition</text>"));
  EXPECT_THAT(page, HasSubstr(">readdress</text>"));
  EXPECT_THAT(page, Not(HasSubstr(">crash</text>"))) << "what single hosts did is no part of time";
  // 434 of the picture's width are the 40 seconds: the partition took a quarter of them, and so does what did not end.
  const auto wide = [&](const char* width) {
    const std::string piece = fmt::format("width=\"{}\"", width);
    std::size_t count = 0;
    for (std::size_t at = page.find(piece); at != std::string::npos; at = page.find(piece, at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(wide("108.5"), 2 * wide("0.0")) << "of readdress there is no more than the moment";
  EXPECT_GE(wide("0.0"), 3U) << "a chart of each metric";
}

TEST_F(ExportTest, TheReportBreaksALineWhereNothingWasMeasuredForLong) {
  record({});
  const Database database = open(DatabaseOptions::Access::write);
  const auto page_without = [&](const char* windows) {
    EXPECT_TRUE(database.execute(fmt::format("DELETE FROM windows WHERE {}", windows).c_str()));
    return html_report(database, runs(database).value()).value();
  };
  constexpr const char* kLoneDot = "r=\"2\"";
  EXPECT_THAT(page_without("from_ns / 1000000000 % 2 = 1"), Not(HasSubstr(kLoneDot)))
      << "every second one makes a line";
  EXPECT_THAT(page_without("from_ns / 1000000000 % 10 <> 0"), HasSubstr(kLoneDot)) << "of each a dot that is seen";
}

TEST_F(ExportTest, TheReportSaysWhatItsDotsAre) {
  record({.sweep_point = {{"network.loss", "1 %"}}});
  record({.requests_per_s = 90, .sweep_point = {{"network.loss", "5 %"}}});
  {
    const Database database = open();
    const std::string page = html_report(database, runs(database).value()).value();
    EXPECT_THAT(page, HasSubstr("Each dot is one run"));
    EXPECT_THAT(page, Not(HasSubstr("whisker s")));
  }
  record({.requests_per_s = 70, .sweep_point = {{"network.loss", "1 %"}}, .repeat = 1});
  const Database database = open();
  const std::string page = html_report(database, runs(database).value()).value();
  EXPECT_THAT(page, HasSubstr("whiskers their 95 % confidence intervals"));
  EXPECT_THAT(page, HasSubstr("whisker s"));
}

TEST_F(ExportTest, AReportOfSeveralScenariosHasASectionForEach) {
  record({.requests_per_s = 10});
  record({.name = "another"});
  record({.requests_per_s = 11});
  const Database database = open();
  const std::string page = html_report(database, runs(database).value()).value();
  EXPECT_THAT(page, HasSubstr("<h1>2 scenarios</h1>"));
  EXPECT_THAT(page, HasSubstr("<a href=\"#scenario-2\">"));
  const std::size_t second = page.find("<section id=\"scenario-2\">");
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(page.find("<section id=\"scenario-3\">"), std::string::npos);
  EXPECT_THAT(page.substr(0, second), HasSubstr("<h1>made &lt;up&gt;</h1>"));
  EXPECT_THAT(page.substr(0, second), HasSubstr("0 of 2 runs passed"));
  EXPECT_THAT(page.substr(second), HasSubstr("<h1>another</h1>"));
}

TEST(XmlText, HoldsOnlyWhatXmlCan) {
  EXPECT_EQ(xml_escaped("a<b>&\"c\x01\xff é"), "a&lt;b&gt;&amp;&quot;c\xef\xbf\xbd\xef\xbf\xbd é");
}

}  // namespace
}  // namespace ghostnet::results::export_test
