// Figures: what is drawn of a run's data.
#include "panels/figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "charts/figure_export.hpp"
#include "charts/figure_layout.hpp"
#include "charts/readout.hpp"

namespace ghostnet::gui::figures_test {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::NanSensitiveDoubleEq;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

TEST(Figures, ShowWhatASecondBringsOfARunningTotal) {
  const std::vector<results::Point> totals{{0, 0}, {0.5, 10}, {1.5, 40}, {1.5, 40}, {2, 40}};
  const std::vector<results::Point> rates = per_second(totals);
  ASSERT_EQ(rates.size(), 3);
  EXPECT_DOUBLE_EQ(rates[0].value, 20);
  EXPECT_DOUBLE_EQ(rates[1].value, 30);
  EXPECT_DOUBLE_EQ(rates[2].value, 0);
  EXPECT_DOUBLE_EQ(rates[1].time_s, 1.5);
}

TEST(Figures, ADistributionRisesFromNothingToAll) {
  Histogram histogram;
  for (const std::uint64_t value : {10, 20, 20, 100}) histogram.record(value);
  const chart::Line line = cdf_line("all", histogram, 0);
  EXPECT_THAT(line.x, ElementsAre(10, 10, 20, 100));
  EXPECT_THAT(line.y, ElementsAre(0, 0.25, 0.75, 1));
  EXPECT_TRUE(cdf_line("none", Histogram(), 0).x.empty());
}

TEST(Figures, AHeatMapKeepsTheLastValueUntilTheNextSample) {
  HeatMapBuilder builder({3, 7}, 4, 4);
  builder.add(1.5, 3, 5);
  builder.add(3.5, 3, 6);
  builder.add(0, 9, 1);  // of a host that is not shown
  const chart::HeatMap heat = builder.build({"a", "b"}, "messages", false);
  EXPECT_THAT(heat.edges, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(heat.values, ElementsAre(NanSensitiveDoubleEq(kNothing), 5, 5, 6, NanSensitiveDoubleEq(kNothing),
                                       NanSensitiveDoubleEq(kNothing), NanSensitiveDoubleEq(kNothing),
                                       NanSensitiveDoubleEq(kNothing)));
}

TEST(Figures, AHeatMapOfTotalsSpreadsWhatCameBetweenTwoSamples) {
  HeatMapBuilder builder({0}, 4, 4);
  builder.add(0.5, 0, 10);
  builder.add(2.5, 0, 30);
  const chart::HeatMap heat = builder.build({"a"}, "messages", true);
  EXPECT_THAT(heat.values, ElementsAre(10, 10, 10, NanSensitiveDoubleEq(kNothing)));
  EXPECT_EQ(heat.unit, "messages/s");
}

TEST(Figures, ASweepOfNumbersIsOnAScaleOfNumbers) {
  const results::Estimate sure{.value = 10, .standard_error = 1, .degrees_of_freedom = 4};
  const chart::Figure figure =
      sweep_figure("p99", "network.loss", "ns", {{"all", {{"5 %", 5, sure}, {"1 %", 1, sure}}}}, 0.95);
  EXPECT_TRUE(figure.x.names.isEmpty());
  EXPECT_THAT(figure.lines.at(0).x, ElementsAre(1, 5));
  // t of 4 degrees of freedom at 95 %: 2.776
  EXPECT_NEAR(figure.lines.at(0).low.at(0), 10 - 2.776, 1e-3);
  EXPECT_NEAR(figure.lines.at(0).high.at(0), 10 + 2.776, 1e-3);
}

TEST(Figures, ASweepOfWordsIsOnAScaleOfNames) {
  const results::Estimate once{.value = 1};
  const chart::Figure figure =
      sweep_figure("p99", "libp2p.security", "", {{"", {{"noise", kNothing, once}, {"tls", kNothing, once}}}}, 0.95);
  EXPECT_THAT(figure.x.names, ElementsAre("noise", "tls"));
  EXPECT_THAT(figure.lines.at(0).x, ElementsAre(0, 1));
  EXPECT_DOUBLE_EQ(figure.lines.at(0).low.at(0), 1) << "measured once, nothing is known of its noise";
}

chart::Figure two_lines() {
  chart::Figure figure{.title = "rate", .x = {.label = "time", .unit = "s"}, .y = {.unit = "ns"}};
  figure.lines.push_back({.label = "a, \"first\"", .x = {0, 1, 2}, .y = {1e6, 2e6, 3e6}});
  figure.lines.push_back({.label = "b", .x = {0, 2}, .y = {5e6, kNothing}, .colour = 1});
  return figure;
}

TEST(FigureReadout, GivesAllLinesAtTheNearestPoint) {
  const chart::Figure figure = two_lines();
  const chart::FigureLayout layout = chart::layout_figure(figure, {}, QRectF(0, 0, 500, 300), QFont());
  const QPointF near_one(layout.x.scale.to_pixel(1.1), layout.plot.center().y());
  const auto readout = chart::readout_at(figure, layout, near_one);
  ASSERT_TRUE(readout);
  EXPECT_DOUBLE_EQ(readout->x, 1);
  ASSERT_EQ(readout->entries.size(), 2);
  EXPECT_EQ(readout->entries[0].value, "2 ms");
  EXPECT_FALSE(chart::readout_at(figure, layout, QPointF(-10, -10)));
}

TEST(Figures, TheBarOfAHeatMapEndsAtRoundNumbers) {
  chart::Figure figure{.title = "load"};
  figure.heat = {.edges = {0, 1, 2}, .rows = {"h0"}, .values = {0, 37}, .unit = "requests"};
  const chart::FigureLayout layout = chart::layout_figure(figure, {}, QRectF(0, 0, 500, 160), QFont());
  ASSERT_GE(layout.heat.ticks.size(), 2U);
  EXPECT_DOUBLE_EQ(layout.heat.ticks.front(), 0);
  EXPECT_GE(layout.heat.ticks.back(), 37) << "what the strongest colour stands for is written there";
}

TEST(Figures, DotsAtTheEndsOfAnAxisAreSeenWhole) {
  chart::Figure figure = two_lines();
  const auto left_of_first = [&] {
    const chart::FigureLayout layout = chart::layout_figure(figure, {}, QRectF(0, 0, 500, 300), QFont());
    return layout.x.scale.to_pixel(0) - layout.plot.left();
  };
  EXPECT_DOUBLE_EQ(left_of_first(), 0);
  for (chart::Line& line : figure.lines) line.shape = chart::Line::Shape::dots;
  EXPECT_GT(left_of_first(), 4);
}

TEST(Figures, AHeatMapOfManyHostsHasTheirMeansInItsRows) {
  std::vector<std::int64_t> hosts;
  QStringList names;
  for (std::int64_t host = 0; host < 2'500; ++host) {
    hosts.push_back(host);
    names << QStringLiteral("h%1").arg(host);
  }
  const auto built = [&](bool totals) {
    HeatMapBuilder builder(hosts, 4, 4);
    builder.add(0.5, 0, 6);
    builder.add(1.5, 0, 9);
    builder.add(1.5, 1, 3);
    builder.add(1.5, 2'499, 12);
    return builder.build(names, "messages", totals);
  };
  const chart::HeatMap heat = built(false);
  EXPECT_EQ(heat.rows.size(), 834) << "of three hosts each";
  EXPECT_EQ(heat.rows.front(), "h0 – h2");
  EXPECT_EQ(heat.rows.back(), "h2499");
  EXPECT_DOUBLE_EQ(heat.at(0, 0), 6);
  EXPECT_DOUBLE_EQ(heat.at(0, 1), 6) << "of 9 and 3; the third has none";
  EXPECT_DOUBLE_EQ(heat.at(833, 3), 12);
  EXPECT_DOUBLE_EQ(built(true).at(0, 1), 2) << "a second brought 3 and 3 to three hosts";
}

TEST(FigureReadout, GivesTheCellOfAHeatMap) {
  chart::Figure figure{.title = "load"};
  figure.heat = {.edges = {0, 1, 2}, .rows = {"h0", "h1"}, .values = {1, 2, 3, kNothing}, .unit = "requests"};
  const chart::FigureLayout layout = chart::layout_figure(figure, {}, QRectF(0, 0, 500, 300), QFont());
  const auto at = [&](double x, double row) {
    return chart::readout_at(figure, layout, {layout.x.scale.to_pixel(x), layout.y.scale.to_pixel(row)});
  };
  EXPECT_EQ(at(0.5, 1.5)->entries.at(0).value, "3 requests");
  EXPECT_THAT(at(0.5, 1.5)->heading.toStdString(), HasSubstr("h1"));
  EXPECT_EQ(at(1.5, 1.5)->entries.at(0).value, "not recorded");
}

TEST(FigureExport, WritesCsvAsRfc4180) {
  EXPECT_EQ(chart::figure_csv(two_lines()).toStdString(),
            "line,x (s),y (ns),low,high\r\n"
            "\"a, \"\"first\"\"\",0,1000000,,\r\n"
            "\"a, \"\"first\"\"\",1,2000000,,\r\n"
            "\"a, \"\"first\"\"\",2,3000000,,\r\n"
            "b,0,5000000,,\r\n"
            "b,2,,,\r\n");
}

TEST(FigureExport, DrawsThePictureInTheSizeThatWasAskedFor) {
  const chart::ChartStyle style = chart::ChartStyle::of(ThemeKind::light);
  const QImage image = QImage::fromData(chart::figure_png(two_lines(), {}, style, QSize(300, 200), 2), "PNG");
  EXPECT_EQ(image.size(), QSize(600, 400));
  EXPECT_EQ(image.pixelColor(1, 1), style.background());
  bool drawn = false;
  for (int y = 0; y < image.height() && !drawn; ++y) {
    for (int x = 0; x < image.width() && !drawn; ++x) drawn = image.pixelColor(x, y) == style.colour(0);
  }
  EXPECT_TRUE(drawn) << "the first line has its colour";
  const QByteArray svg = chart::figure_svg(two_lines(), {}, style, QSize(300, 200));
  EXPECT_TRUE(svg.contains("<svg")) << svg.left(200).toStdString();
  EXPECT_TRUE(svg.contains("polyline") || svg.contains("path"));
  EXPECT_TRUE(svg.contains(">rate</text>")) << "text stays text";
}

}  // namespace
}  // namespace ghostnet::gui::figures_test
