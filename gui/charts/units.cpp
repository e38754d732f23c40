#include "charts/units.hpp"

#include <array>
#include <cmath>
#include <span>

namespace ghostnet::gui::chart {

namespace {

struct Step {
  double divisor;
  const char* name;
};

constexpr std::array kTime{Step{1, "ns"}, Step{1e3, "µs"}, Step{1e6, "ms"}, Step{1e9, "s"}};
constexpr std::array kBytes{Step{1, "B"}, Step{0x1p10, "KiB"}, Step{0x1p20, "MiB"}, Step{0x1p30, "GiB"}};
constexpr std::array kRate{Step{1, "bit/s"}, Step{1e3, "kbit/s"}, Step{1e6, "Mbit/s"}, Step{1e9, "Gbit/s"}};
constexpr std::array kCount{Step{1, ""}, Step{1e3, "k"}, Step{1e6, "M"}, Step{1e9, "G"}};

// Empty: the unit is written as it is.
std::span<const Step> steps_of(std::string_view unit) {
  if (unit == "ns") return kTime;
  if (unit == "bytes" || unit == "B") return kBytes;
  if (unit == "bit/s") return kRate;
  return {};
}

const Step& step_for(std::span<const Step> steps, double value) {
  const Step* chosen = &steps.front();
  for (const Step& step : steps) {
    if (std::abs(value) >= step.divisor) chosen = &step;
  }
  return *chosen;
}

QString plain(double value) {
  constexpr double kGrouped = 1e4;  // from here on digits stand in groups
  if (value == std::floor(value) && std::abs(value) < kGrouped) return QString::number(value, 'f', 0);
  if (value == std::floor(value) && std::abs(value) < 1e9) return QStringLiteral("%L1").arg(static_cast<qint64>(value));
  return QString::number(value, 'g', 4);
}

// A rate of something that has steps: "bytes/s" is measured in KiB/s.
std::string_view without_rate(std::string_view unit) {
  return unit.substr(0, unit.size() - (unit.ends_with("/s") ? 2 : 0));
}
QString rate_of(std::string_view unit) { return unit.ends_with("/s") && unit != "bit/s" ? QString("/s") : QString(); }

std::span<const Step> steps_for(std::string_view unit) {
  return unit == "bit/s" ? steps_of(unit) : steps_of(without_rate(unit));
}

}  // namespace

AxisUnit axis_unit(const Range& range, std::string_view unit) {
  const double largest = range.empty() ? 0 : std::max(std::abs(range.low), std::abs(range.high));
  if (unit == "share") return {0.01, "%"};
  if (unit == "1") return {};
  if (const std::span<const Step> steps = steps_for(unit); !steps.empty()) {
    const Step& step = step_for(steps, largest);
    return {step.divisor, QString::fromUtf8(step.name) + rate_of(unit)};
  }
  return {1, QString::fromUtf8(unit.data(), static_cast<qsizetype>(unit.size()))};
}

QString tick_text(double value, double step, const AxisUnit& unit) {
  const double shown = value / unit.divisor;
  double shown_step = std::abs(step / unit.divisor);
  const char* suffix = "";
  double divisor = 1;
  if (std::abs(shown) >= 1e4) {
    const Step& count = step_for(kCount, shown);
    divisor = count.divisor;
    suffix = count.name;
  }
  shown_step /= divisor;
  const int decimals =
      shown_step > 0 ? std::clamp(static_cast<int>(std::ceil(-std::log10(shown_step) - 1e-9)), 0, 12) : 0;
  return QString::number(shown / divisor, 'f', decimals) + QString::fromUtf8(suffix);
}

QString value_text(double value, std::string_view unit) {
  if (!std::isfinite(value)) return QStringLiteral("–");
  if (unit == "share") return plain(value * 100) + " %";
  if (const std::span<const Step> steps = steps_for(unit); !steps.empty()) {
    const Step& step = step_for(steps, value);
    return plain(value / step.divisor) + QLatin1Char(' ') + QString::fromUtf8(step.name) + rate_of(unit);
  }
  const QString name = QString::fromUtf8(unit.data(), static_cast<qsizetype>(unit.size()));
  return unit.empty() || unit == "1" ? plain(value) : plain(value) + QLatin1Char(' ') + name;
}

QString duration_text(std::int64_t ns) { return value_text(static_cast<double>(ns), "ns"); }

QString seconds_text(double seconds) {
  if (!std::isfinite(seconds)) return QStringLiteral("–");
  if (std::abs(seconds) < 60) return QString::number(seconds, 'f', 3) + QStringLiteral(" s");
  const double minutes = std::floor(seconds / 60);
  return QStringLiteral("%1 min %2 s").arg(minutes, 0, 'f', 0).arg(seconds - 60 * minutes, 4, 'f', 1, QLatin1Char('0'));
}

}  // namespace ghostnet::gui::chart
