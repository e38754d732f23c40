// Pictures of the mesh, looked at pixel by pixel with tolerance.
#include "ghostnet/gui/scene/renderer.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace ghostnet::gui::renderer_test {
namespace {

constexpr QRgb kRed = 0xffd02020;
constexpr QRgb kBlue = 0xff2040d0;

bool near(QRgb a, QRgb b, int tolerance = 12) {
  return std::abs(qRed(a) - qRed(b)) <= tolerance && std::abs(qGreen(a) - qGreen(b)) <= tolerance &&
         std::abs(qBlue(a) - qBlue(b)) <= tolerance;
}

// Two hosts at (-50, 0) and (50, 0), red and blue, on a canvas of 300 x 200.
struct RendererTest : testing::Test {
  Scene scene;
  Camera camera{.x = 0, .y = 0, .scale = 1, .width = 300, .height = 200};
  Renderer renderer;
  QRgb canvas = theme_of(ThemeKind::dark).canvas.rgb();

  RendererTest() {
    Placement placement{
        .kind = LayoutKind::radial, .spots = {{-50, 0}, {50, 0}}, .extent = {-50, -1, 50, 1}, .spacing = 20};
    scene.placement = std::make_shared<Placement>(placement);
    scene.spots = std::make_shared<std::vector<Spot>>(placement.spots);
    scene.nodes = std::make_shared<NodeLook>(NodeLook{.colours = {kRed, kBlue}});
    scene.conditions = std::make_shared<std::vector<Condition>>(2, Condition::up);
  }
  void link(std::size_t times = 1) {
    auto edges = std::make_shared<EdgeSet>();
    edges->kinds = {"tcp"};
    edges->topics = {""};
    edges->edges.assign(times, {.a = 0, .b = 1});
    scene.edges = std::move(edges);
  }
  QRgb pixel(int x, int y) { return renderer.draw(scene, camera).pixel(x, y); }
};

TEST_F(RendererTest, AHostHasItsColourWhereItStands) {
  EXPECT_TRUE(near(pixel(100, 100), kRed));
  EXPECT_TRUE(near(pixel(200, 100), kBlue));
  EXPECT_EQ(pixel(150, 100), canvas);
  EXPECT_EQ(pixel(100, 150), canvas);
}

TEST_F(RendererTest, TwoPicturesOfOneSceneAreEqual) {
  link();
  const QImage first = renderer.draw(scene, camera);
  EXPECT_EQ(first, renderer.draw(scene, camera));
  EXPECT_EQ(first, Renderer().draw(scene, camera));
}

TEST_F(RendererTest, PanningMovesThePixels) {
  link();
  const QImage before = renderer.draw(scene, camera);
  camera.pan(30, -20);
  const QImage after = renderer.draw(scene, camera);
  EXPECT_EQ(before.copy(60, 60, 150, 80), after.copy(90, 40, 150, 80));
}

TEST_F(RendererTest, ALinkIsDrawnBetweenItsHosts) {
  link();
  EXPECT_FALSE(near(pixel(150, 100), canvas, 30));
  EXPECT_EQ(pixel(150, 90), canvas);
  scene.hidden_kinds = {true};
  EXPECT_EQ(pixel(150, 100), canvas);
}

TEST_F(RendererTest, ALinkThatAPartitionCutsIsOfTheColourOfWhatIsBroken) {
  link(20);
  const QRgb usual = pixel(150, 100);
  scene.parts = std::make_shared<Parts>(Parts{.of_host = {0, 1}, .sizes = {1, 1}});
  const QRgb cut = pixel(150, 100);
  EXPECT_GT(qRed(cut) - qBlue(cut), qRed(usual) - qBlue(usual) + 40);
  scene.hidden_kinds = {true};
  EXPECT_EQ(pixel(150, 100), canvas) << "a kind that is hidden stays hidden";
}

TEST_F(RendererTest, AHostThatIsCutOffHasARim) {
  const float radius = node_radius(scene, camera);
  const int beside = 200 + static_cast<int>(radius) + 2;
  EXPECT_TRUE(near(pixel(beside, 100), canvas, 40));
  scene.parts = std::make_shared<Parts>(Parts{.of_host = {0, 1}, .sizes = {1, 1}});
  EXPECT_TRUE(near(pixel(beside, 100), theme_of(ThemeKind::dark).warning.rgb(), 60));
  EXPECT_TRUE(near(pixel(200, 100), kBlue)) << "its colour stays";
}

TEST_F(RendererTest, AHostWhoseLinkIsDownIsHollow) {
  scene.conditions = std::make_shared<std::vector<Condition>>(std::vector{Condition::up, Condition::offline});
  EXPECT_TRUE(near(pixel(100, 100), kRed));
  EXPECT_EQ(pixel(200, 100), canvas);
}

// Where the screen has four pixels for one of the window, the same is drawn of four.
TEST_F(RendererTest, ADenseScreenShowsTheSamePicture) {
  link();
  scene.placement = std::make_shared<Placement>(
      Placement{.kind = LayoutKind::radial, .spots = {{-50, 0}, {50, 0}}, .extent = {-50, -1, 50, 1}, .spacing = 900});
  const QImage usual = renderer.draw(scene, camera);
  Camera dense{.x = 0, .y = 0, .scale = 2, .width = 600, .height = 400, .ratio = 2};
  const QImage picture = renderer.draw(scene, dense);
  ASSERT_EQ(picture.size(), QSize(600, 400));
  EXPECT_FLOAT_EQ(node_radius(scene, dense), 2 * node_radius(scene, camera));
  const QImage back = picture.scaled(300, 200, Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  for (const QPoint at : {QPoint(100, 100), QPoint(105, 100), QPoint(95, 96), QPoint(200, 100), QPoint(120, 40)}) {
    EXPECT_TRUE(near(usual.pixel(at), back.pixel(at), 24)) << at.x() << ", " << at.y();
  }
}

TEST_F(RendererTest, MoreLinksAreNeverFainter) {
  link(1);
  const int one = qBlue(pixel(150, 100));
  link(40);
  EXPECT_GE(qBlue(pixel(150, 100)), one);
}

TEST_F(RendererTest, AHostThatIsDownIsHollow) {
  scene.conditions = std::make_shared<std::vector<Condition>>(std::vector{Condition::down, Condition::up});
  EXPECT_EQ(pixel(100, 100), canvas);
  EXPECT_TRUE(near(pixel(200, 100), kBlue));
}

TEST_F(RendererTest, AMessageIsWhereItsTimeSays) {
  scene.nodes = std::make_shared<NodeLook>(NodeLook{.colours = {canvas, canvas}});
  scene.flights = std::make_shared<std::vector<Flight>>(
      std::vector<Flight>{{.from = 0, .to = 1, .sent_ns = 1'000, .until_ns = 2'000}});
  const QRgb message = theme_of(ThemeKind::dark).message.rgb();
  scene.time_ns = 1'500;
  EXPECT_TRUE(near(pixel(150, 100), message, 30));
  scene.time_ns = 1'750;
  EXPECT_TRUE(near(pixel(175, 100), message, 30));
  EXPECT_EQ(pixel(150, 100), canvas);
  scene.time_ns = 2'500;
  EXPECT_EQ(pixel(175, 100), canvas);
}

TEST_F(RendererTest, AFollowedMessageColoursThoseItReached) {
  const QRgb early = 0xff40e0a0;
  scene.trace = std::make_shared<TraceLook>(
      TraceLook{.root = 0,
                .began_ns = 1'000,
                .hops = {{.from = 0, .to = 1, .sent_ns = 1'000, .arrived_ns = 2'000, .colour = early}}});
  scene.time_ns = 1'500;
  EXPECT_FALSE(near(pixel(200, 100), early));
  scene.time_ns = 2'000;
  EXPECT_TRUE(near(pixel(200, 100), early));
}

TEST_F(RendererTest, SelectingAHostDimsThoseBesideIt) {
  scene.selected = {0};
  EXPECT_TRUE(near(pixel(100, 100), kRed));
  EXPECT_FALSE(near(pixel(200, 100), kBlue, 40));
  link();
  EXPECT_TRUE(near(pixel(200, 100), kBlue));  // a neighbour is not beside the point
}

TEST_F(RendererTest, SelectingAHostDimsMessagesBetweenOthers) {
  Placement placement = *scene.placement;
  placement.spots.insert(placement.spots.end(), {{-50, 60}, {50, 60}});
  scene.placement = std::make_shared<Placement>(placement);
  scene.spots = std::make_shared<std::vector<Spot>>(placement.spots);
  scene.nodes = std::make_shared<NodeLook>(NodeLook{.colours = {canvas, canvas, canvas, canvas}});
  scene.conditions = std::make_shared<std::vector<Condition>>(4, Condition::up);
  scene.flights = std::make_shared<std::vector<Flight>>(
      std::vector<Flight>{{.from = 0, .to = 1, .sent_ns = 1'000, .until_ns = 2'000},
                          {.from = 2, .to = 3, .sent_ns = 1'000, .until_ns = 2'000}});
  scene.time_ns = 1'500;
  const QRgb message = theme_of(ThemeKind::dark).message.rgb();
  EXPECT_TRUE(near(pixel(150, 160), message, 30));
  scene.selected = {0};
  EXPECT_TRUE(near(pixel(150, 100), message, 30));
  EXPECT_FALSE(near(pixel(150, 160), message, 60));
  EXPECT_NE(pixel(150, 160), canvas) << "but it is seen";
}

TEST_F(RendererTest, ShapesOutsideAreClipped) {
  link(3);
  for (const double scale : {0.01, 1.0, 50.0, 4'000.0}) {
    for (const double x : {-1e5, -49.9, 0.0, 123.4, 1e6}) {
      camera.scale = scale;
      camera.x = x;
      camera.y = x / 3;
      EXPECT_EQ(renderer.draw(scene, camera).size(), QSize(300, 200));
    }
  }
}

TEST_F(RendererTest, AnEmptySceneIsCanvas) {
  scene = {};
  EXPECT_EQ(pixel(10, 10), canvas);
}

TEST(Density, OneLineAddsItsLength) {
  QImage image(64, 64, QImage::Format_RGB32);
  image.fill(0xff000000);
  Density density;
  density.reset(64, 64);
  density.add_line({10, 20}, {50, 20});
  density.lay_over(image, 0xffffffff, 0.8);
  int lit = 0;
  for (int x = 0; x < 64; ++x) lit += qRed(image.pixel(x, 20)) > 100 ? 1 : 0;
  EXPECT_NEAR(lit, 41, 1);
}

TEST(Density, ASampleThatStandsForAllLooksAlike) {
  // 3000 lines one by one, and a third of them for three each.
  const auto mean_of = [](std::uint32_t weight) {
    QImage image(200, 200, QImage::Format_RGB32);
    image.fill(0xff000000);
    Density density;
    density.reset(200, 200);
    for (std::uint32_t line = 0; line < 3'000; line += weight) {
      const float angle = static_cast<float>(line) * 2.399963F;
      density.add_line({100, 100}, {100 + 95 * std::cos(angle), 100 + 95 * std::sin(angle)}, weight);
    }
    density.lay_over(image, 0xffffffff, 0.05);
    double sum = 0;
    for (int y = 0; y < 200; ++y) {
      for (int x = 0; x < 200; ++x) sum += qRed(image.pixel(x, y));
    }
    return sum / 40'000;
  };
  EXPECT_NEAR(mean_of(3), mean_of(1), mean_of(1) * 0.06);
}

TEST(Density, ManyLinesThroughOnePixelSaturate) {
  QImage image(32, 32, QImage::Format_RGB32);
  image.fill(0xff000000);
  Density density;
  density.reset(32, 32);
  for (int line = 0; line < 100'000; ++line) density.add_line({4, 16}, {28, 16});
  density.lay_over(image, 0xffffffff, 0.5);
  EXPECT_GT(qRed(image.pixel(16, 16)), 220);
}

}  // namespace
}  // namespace ghostnet::gui::renderer_test
