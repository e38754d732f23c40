// Undo and redo of view changes.
#include "habits/view_history.hpp"

#include <gtest/gtest.h>

#include "recorded_run.hpp"

namespace ghostnet::gui::view_history_test {
namespace {

class ViewHistoryTest : public testing::Test {
 protected:
  ViewHistoryTest() {
    record_run(directory_.file("run.sqlite"), 8);
    document_.open(QString::fromStdString(directory_.file("run.sqlite")));
    EXPECT_TRUE(data_.settle());
    history_.settle();
  }

  TemporaryDirectory directory_;
  DataSource data_;
  Document document_{data_};
  CameraPlace camera_{};
  bool plays_ = false;
  ViewHistory history_{document_,
                       {.get = [this] { return camera_; },
                        .set = [this](const CameraPlace& place) { camera_ = place; },
                        .plays = [this] { return plays_; }}};
};

TEST_F(ViewHistoryTest, GoesBackAndForth) {
  document_.select_host(3);
  history_.settle();
  document_.set_time_ns(4'000'000'000);
  history_.settle();
  camera_ = {1, 2, 3};
  history_.touch();
  history_.settle();

  history_.undo();
  EXPECT_EQ(camera_, CameraPlace{});
  history_.undo();
  EXPECT_NE(document_.time_ns(), 4'000'000'000);
  EXPECT_EQ(document_.selection().hosts, std::vector<std::int64_t>{3});
  history_.undo();
  EXPECT_TRUE(document_.selection().empty());
  EXPECT_FALSE(history_.can_undo());

  history_.redo();
  history_.redo();
  history_.redo();
  EXPECT_EQ(camera_, (CameraPlace{1, 2, 3}));
  EXPECT_EQ(document_.time_ns(), 4'000'000'000);
  EXPECT_FALSE(history_.can_redo());
}

TEST_F(ViewHistoryTest, TakesChangesTogetherThatCameTogether) {
  document_.select_host(3);
  document_.set_time_ns(4'000'000'000);
  history_.settle();
  history_.undo();
  EXPECT_TRUE(document_.selection().empty());
  EXPECT_FALSE(history_.can_undo());
}

TEST_F(ViewHistoryTest, ForgetsWhatWasUndoneWhenSomethingElseIsDone) {
  document_.select_host(3);
  history_.settle();
  history_.undo();
  document_.select_host(5);
  history_.settle();
  EXPECT_FALSE(history_.can_redo());
}

TEST_F(ViewHistoryTest, NotesNoTimeThatPassesByItself) {
  plays_ = true;
  for (int second = 1; second < 5; ++second) {
    document_.set_time_ns(second * 1'000'000'000LL);
    history_.settle();
  }
  EXPECT_FALSE(history_.can_undo());
}

TEST_F(ViewHistoryTest, BeginsAnewWithAnotherRun) {
  document_.select_host(3);
  history_.settle();
  document_.open(QString::fromStdString(directory_.file("run.sqlite")));
  ASSERT_TRUE(data_.settle());
  history_.settle();
  EXPECT_FALSE(history_.can_undo());
}

}  // namespace
}  // namespace ghostnet::gui::view_history_test
