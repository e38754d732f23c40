// The program ghostnet-gui itself: pictures without a display, on screens of either density, and what it says of files
// that it cannot show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QImage>
#include <QProcess>
#include <cstdlib>
#include <fstream>

#include "recorded_run.hpp"

namespace ghostnet::gui::program_test {
namespace {

using ::testing::HasSubstr;

struct Ended {
  int code = -1;
  std::string said;
};

struct ProgramTest : testing::Test {
  TemporaryDirectory directory;
  QString program = QDir(QCoreApplication::applicationDirPath()).filePath("ghostnet-gui");
  std::string database = directory.file("a.sqlite");

  void SetUp() override {
    if (!QFileInfo(program).isExecutable()) GTEST_SKIP() << "the program ghostnet-gui was not built";
    record_run(database, 40);
  }
  Ended run(const QStringList& arguments, const char* density = "1") const {
    QProcess process;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("QT_SCALE_FACTOR", density);
    process.setProcessEnvironment(environment);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(program, arguments);
    if (!process.waitForFinished(120'000) || process.exitStatus() == QProcess::CrashExit) return {};
    return {process.exitCode(), process.readAll().toStdString()};
  }
  QImage picture(const char* density) const {
    const QString path = QString::fromStdString(directory.file("picture.png"));
    const Ended ended = run({QString::fromStdString(database), "--screenshot", path, "--size", "1200x700", "--at",
                             "2.05s", "--select", "host:h7"},
                            density);
    EXPECT_EQ(ended.code, 0) << ended.said;
    return QImage(path).convertToFormat(QImage::Format_RGB32);
  }
};

TEST_F(ProgramTest, DrawsTheSameOnADenseScreen) {
  const QImage usual = picture("1");
  const QImage dense = picture("2");
  ASSERT_EQ(usual.size(), QSize(1200, 700));
  ASSERT_EQ(dense.size(), QSize(2400, 1400));
  // Letters and edges are sharper; nothing stands elsewhere or is of another size.
  const QImage back = dense.scaled(usual.size(), Qt::IgnoreAspectRatio, Qt::SmoothTransformation);
  int differ = 0;
  for (int y = 0; y < usual.height(); ++y) {
    for (int x = 0; x < usual.width(); ++x) {
      if (std::abs(qGray(usual.pixel(x, y)) - qGray(back.pixel(x, y))) > 60) ++differ;
    }
  }
  EXPECT_LT(differ, usual.width() * usual.height() / 50);
}

TEST_F(ProgramTest, SaysWhatIsWrongWithAFile) {
  std::ofstream(directory.file("text.sqlite")) << std::string(10'000, 'x');
  const QString out = QString::fromStdString(directory.file("x.png"));
  for (const auto& [name, words] :
       {std::pair{"text.sqlite", "not a results database"}, {"none.sqlite", "no such file"}}) {
    const Ended ended = run({QString::fromStdString(directory.file(name)), "--screenshot", out});
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_THAT(ended.said, HasSubstr(words));
  }
}

TEST_F(ProgramTest, SaysThatAPictureCannotBeWritten) {
  const Ended ended = run({QString::fromStdString(database), "--screenshot", "/nowhere/at/all.png"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.said, HasSubstr("no such directory"));
}

}  // namespace
}  // namespace ghostnet::gui::program_test
