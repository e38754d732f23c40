#include "ghostnet/sim/ns3_mobility.hpp"

#include <ns3/boolean.h>
#include <ns3/constant-position-mobility-model.h>
#include <ns3/double.h>
#include <ns3/enum.h>
#include <ns3/node.h>
#include <ns3/ns2-mobility-helper.h>
#include <ns3/pointer.h>
#include <ns3/position-allocator.h>
#include <ns3/random-variable-stream.h>
#include <ns3/random-walk-2d-mobility-model.h>
#include <ns3/random-waypoint-mobility-model.h>
#include <ns3/rectangle.h>

#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "ghostnet/runtime/text.hpp"
#include "ghostnet/sim/ns3_media.hpp"

namespace ghostnet::sim {

namespace {

using ns3::Ptr;

constexpr double kMaxMetres = 1e9;
constexpr double kMaxTraceSeconds = 1e9;
constexpr std::uintmax_t kMaxTraceBytes = 1U << 30;

// ---- traces of ns-2 ----

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r\v\f";
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

std::optional<double> number_in(std::string_view word, double min, double max) {
  double value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size() || !(value >= min && value <= max)) return std::nullopt;
  return value;
}

// "$node_(7)"
bool names_node(std::string_view word, std::size_t nodes) {
  constexpr std::string_view kPrefix = "$node_(";
  if (!word.starts_with(kPrefix) || !word.ends_with(")")) return false;
  word.remove_prefix(kPrefix.size());
  word.remove_suffix(1);
  std::size_t number = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  return error == std::errc() && end == word.data() + word.size() && number < nodes;
}

bool is_coordinate(std::string_view word) { return word == "X_" || word == "Y_" || word == "Z_"; }

// "$node_(0) set X_ 5.0" or "$node_(0) setdest 90 44 1.5"
bool is_command(std::span<const std::string_view> words, std::size_t nodes, bool timed) {
  if (words.size() < 2 || !names_node(words[0], nodes)) return false;
  if (words[1] == "set") {
    return words.size() == 4 && is_coordinate(words[2]) && number_in(words[3], -kMaxMetres, kMaxMetres);
  }
  return timed && words[1] == "setdest" && words.size() == 5 && number_in(words[2], -kMaxMetres, kMaxMetres) &&
         number_in(words[3], -kMaxMetres, kMaxMetres) && number_in(words[4], 0, kMaxMetres);
}

bool is_trace_line(std::string_view line, std::size_t nodes) {
  line = line.substr(0, line.find('#'));
  while (!line.empty() && std::string_view(" \t\r;").find(line.back()) != std::string_view::npos) line.remove_suffix(1);
  std::vector<std::string_view> words = words_of(line);
  if (words.empty() || words[0] == "$god_") return true;  // ns-2's all-knowing router: of no use to us
  if (words[0] != "$ns_") return is_command(words, nodes, false);

  // $ns_ at 2.0 "command"
  if (words.size() < 4 || words[1] != "at" || !number_in(words[2], 0, kMaxTraceSeconds)) return false;
  const std::size_t open = line.find('"');
  if (open == std::string_view::npos || line.back() != '"' || line.size() - 1 == open) return false;
  if (open != static_cast<std::size_t>(words[3].data() - line.data())) return false;
  const std::string_view command = line.substr(open + 1, line.size() - open - 2);
  if (command.find('"') != std::string_view::npos) return false;
  words = words_of(command);
  if (!words.empty() && words[0] == "$god_") return true;
  // ns-3's helper wants no blanks next to the quotation marks.
  const bool tight = !words.empty() && words.front().data() == command.data() &&
                     words.back().data() + words.back().size() == command.data() + command.size();
  return tight && is_command(words, nodes, true);
}

// ---- models of ns-3 ----

Result<> check_area(const Area& area) {
  if (area.width_m > 0 && area.width_m <= kMaxMetres && area.height_m > 0 && area.height_m <= kMaxMetres) return {};
  return fail(Errc::invalid_argument, "an area of {} m by {} m: expected more than 0 and at most {} m", area.width_m,
              area.height_m, kMaxMetres);
}

Result<> check_speeds(double min_m_s, double max_m_s) {
  if (min_m_s > 0 && min_m_s <= max_m_s && max_m_s <= kMaxMetres) return {};
  return fail(Errc::invalid_argument, "speeds from {} to {} m/s: expected 0 < lowest <= highest", min_m_s, max_m_s);
}

Ptr<ns3::UniformRandomVariable> uniform(double min, double max) {
  auto variable = ns3::CreateObject<ns3::UniformRandomVariable>();
  variable->SetAttribute("Min", ns3::DoubleValue(min));
  variable->SetAttribute("Max", ns3::DoubleValue(max));
  return variable;
}

Ptr<ns3::RandomRectanglePositionAllocator> anywhere_in(const Area& area) {
  auto allocator = ns3::CreateObject<ns3::RandomRectanglePositionAllocator>();
  allocator->SetX(uniform(0, area.width_m));
  allocator->SetY(uniform(0, area.height_m));
  return allocator;
}

Ptr<ns3::MobilityModel> standing_at(const Position& position) {
  auto model = ns3::CreateObject<ns3::ConstantPositionMobilityModel>();
  model->SetPosition(ns3::Vector(position.x_m, position.y_m, position.z_m));
  return model;
}

// Gives each node a model of its own, with streams of its own.
class Installer {
 public:
  Installer(const ns3::NodeContainer& nodes, std::int64_t first_stream) : nodes_(nodes), next_(first_stream) {}

  Result<std::int64_t> operator()(const FixedPositions& fixed) {
    if (fixed.positions.size() != nodes_.GetN()) {
      return fail(Errc::invalid_argument, "{} positions for {} hosts", fixed.positions.size(), nodes_.GetN());
    }
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      const Position& at = fixed.positions[i];
      for (double metres : {at.x_m, at.y_m, at.z_m}) {
        if (!(std::abs(metres) <= kMaxMetres)) return fail(Errc::invalid_argument, "position {} is out of range", i);
      }
      nodes_.Get(i)->AggregateObject(standing_at(at));
    }
    return 0;
  }

  Result<std::int64_t> operator()(const GridPositions& grid) {
    if (!(grid.spacing_m > 0 && grid.spacing_m <= kMaxMetres / 1000)) {
      return fail(Errc::invalid_argument, "a grid with {} m between hosts", grid.spacing_m);
    }
    std::uint32_t columns = grid.columns;
    while (grid.columns == 0 && columns * columns < nodes_.GetN()) ++columns;
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      nodes_.Get(i)->AggregateObject(standing_at({i % columns * grid.spacing_m, i / columns * grid.spacing_m, 0}));
    }
    return 0;
  }

  Result<std::int64_t> operator()(const RandomPositions& random) {
    if (Result<> ok = check_area(random.area); !ok) return fail(std::move(ok));
    const std::int64_t first = next_;
    auto allocator = anywhere_in(random.area);
    next_ += allocator->AssignStreams(next_);
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      const ns3::Vector at = allocator->GetNext();
      nodes_.Get(i)->AggregateObject(standing_at({at.x, at.y, at.z}));
    }
    return next_ - first;
  }

  Result<std::int64_t> operator()(const RandomWaypoint& waypoint) {
    if (Result<> ok = check_area(waypoint.area); !ok) return fail(std::move(ok));
    if (Result<> ok = check_speeds(waypoint.min_speed_m_s, waypoint.max_speed_m_s); !ok) return fail(std::move(ok));
    if (waypoint.pause < Duration{}) return fail(Errc::invalid_argument, "a negative pause");
    const double pause_s = static_cast<double>(waypoint.pause.count()) * 1e-9;
    const std::int64_t first = next_;
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      auto model = ns3::CreateObject<ns3::RandomWaypointMobilityModel>();
      auto allocator = anywhere_in(waypoint.area);
      model->SetAttribute("Speed", ns3::PointerValue(uniform(waypoint.min_speed_m_s, waypoint.max_speed_m_s)));
      model->SetAttribute("Pause", ns3::PointerValue(uniform(pause_s, pause_s)));
      model->SetAttribute("PositionAllocator", ns3::PointerValue(allocator));
      next_ += model->AssignStreams(next_);
      model->SetPosition(allocator->GetNext());
      nodes_.Get(i)->AggregateObject(model);
    }
    return next_ - first;
  }

  Result<std::int64_t> operator()(const RandomWalk& walk) {
    if (Result<> ok = check_area(walk.area); !ok) return fail(std::move(ok));
    if (Result<> ok = check_speeds(walk.min_speed_m_s, walk.max_speed_m_s); !ok) return fail(std::move(ok));
    if (walk.leg <= Duration{}) return fail(Errc::invalid_argument, "a walk whose legs take no time");
    const std::int64_t first = next_;
    auto allocator = anywhere_in(walk.area);
    next_ += allocator->AssignStreams(next_);
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      auto model = ns3::CreateObject<ns3::RandomWalk2dMobilityModel>();
      model->SetAttribute("Bounds", ns3::RectangleValue(ns3::Rectangle(0, walk.area.width_m, 0, walk.area.height_m)));
      model->SetAttribute("Mode", ns3::EnumValue(ns3::RandomWalk2dMobilityModel::MODE_TIME));
      model->SetAttribute("Time", ns3::TimeValue(ns3::NanoSeconds(walk.leg.count())));
      model->SetAttribute("Speed", ns3::PointerValue(uniform(walk.min_speed_m_s, walk.max_speed_m_s)));
      next_ += model->AssignStreams(next_);
      model->SetPosition(allocator->GetNext());
      nodes_.Get(i)->AggregateObject(model);
    }
    return next_ - first;
  }

  Result<std::int64_t> operator()(const Ns2Trace& trace) {
    std::ifstream file(trace.path, std::ios::binary | std::ios::ate);
    if (!file) return fail(Errc::not_found, "mobility trace {}: cannot be opened", trace.path);
    if (file.tellg() > static_cast<std::streamoff>(kMaxTraceBytes)) {
      return fail(Errc::limit, "mobility trace {}: more than {} bytes", trace.path, kMaxTraceBytes);
    }
    file.seekg(0);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (Result<> ok = check_ns2_trace(text, nodes_.GetN()); !ok) {
      return std::unexpected(ok.error().while_doing(fmt::format("mobility trace {}", trace.path)));
    }
    ns3::Ns2MobilityHelper(trace.path).Install(nodes_.Begin(), nodes_.End());
    for (std::uint32_t i = 0; i < nodes_.GetN(); ++i) {
      if (nodes_.Get(i)->GetObject<ns3::MobilityModel>() == nullptr) nodes_.Get(i)->AggregateObject(standing_at({}));
    }
    return 0;
  }

 private:
  const ns3::NodeContainer& nodes_;
  std::int64_t next_;
};

}  // namespace

Result<> check_ns2_trace(std::string_view text, std::size_t nodes) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_until(text, '\n');
    if (!is_trace_line(line, nodes)) {
      return fail(Errc::malformed,
                  "line {}: '{}' is neither \"$node_(N) set X_ METRES\" nor \"$ns_ at SECONDS \"$node_(N) setdest X Y "
                  "SPEED\"\" for a node below {}",
                  number, line.substr(0, 80), nodes);
    }
  }
  return {};
}

Result<std::int64_t> move_nodes(const ns3::NodeContainer& nodes, const Mobility& mobility, std::int64_t first_stream) {
  for (std::uint32_t i = 0; i < nodes.GetN(); ++i) {
    if (nodes.Get(i)->GetObject<ns3::MobilityModel>() != nullptr) {
      return fail(Errc::busy, "host {} has a mobility already", nodes.Get(i)->GetId());
    }
  }
  return std::visit(Installer(nodes, first_stream), mobility);
}

}  // namespace ghostnet::sim
