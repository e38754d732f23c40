// Faults: what a scenario lets go wrong, when, and to whom.
//
//   - { at: 20 s, for: 10 s, crash: servers }
//   - { at: 20 s, for: 10 s, partition: [ [region: europe], rest ] }
//   - churn: { group: rest, leave: 5 %/min, rejoin: 30 s }
//   - { at: 5 s, for: 1 min, degrade: { region: asia, bandwidth: 1 Mbit/s, loss: 3 % } }
//
// Each kind is a row of kFaultKinds with a table of its own; a fault whose value is a text means the group of that
// name. Hosts are chosen by group and region, and of these a share or a number, drawn from the seed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ghostnet/runtime/options.hpp"
#include "ghostnet/scenarios/diagnostic.hpp"
#include "ghostnet/scenarios/link_options.hpp"

namespace ghostnet::scenarios {

// How often one host leaves: "5 %/min", or as a frequency, "3 /h".
struct LeaveRate {
  Frequency frequency;
};

enum class Direction : std::uint8_t { both, out, in };

}  // namespace ghostnet::scenarios

template <>
struct ghostnet::OptionType<ghostnet::scenarios::LeaveRate> {
  static constexpr OptionKind kKind = OptionKind::frequency;
  static Result<scenarios::LeaveRate> parse(std::string_view text);
  static std::string print(scenarios::LeaveRate value) { return to_text(value.frequency); }
  static constexpr double order(scenarios::LeaveRate value) {
    return static_cast<double>(value.frequency.micro_per_hour);
  }
};
template <>
inline constexpr ghostnet::OptionChoice<ghostnet::scenarios::Direction>
    ghostnet::kChoices<ghostnet::scenarios::Direction>[] = {{ghostnet::scenarios::Direction::both, "both"},
                                                            {ghostnet::scenarios::Direction::out, "out"},
                                                            {ghostnet::scenarios::Direction::in, "in"}};

namespace ghostnet::scenarios {

// Whom a fault strikes.
struct Selection {
  std::string group = "all";
  std::string region;
  std::optional<Probability> share;
  std::optional<std::uint32_t> count;
};

struct Crash : Selection {
  static const std::array<OptionDesc, 4> kOptions;
};
struct Churn : Selection {
  LeaveRate leave;
  std::optional<Duration> rejoin;
  static const std::array<OptionDesc, 6> kOptions;
};
struct Degrade : Selection, LinkOptions {
  static const std::array<OptionDesc, 14> kOptions;
  Result<> validate() const;
};
struct Offline : Selection {
  static const std::array<OptionDesc, 4> kOptions;
};
struct Flap : Selection {
  Duration down = 1s;
  Duration up = 1s;
  static const std::array<OptionDesc, 6> kOptions;
};
struct ClockFault : Selection {
  Duration step{};
  double drift = 0;
  static const std::array<OptionDesc, 6> kOptions;
  Result<> validate() const;
};
struct Slow : Selection {
  double factor = 10;
  static const std::array<OptionDesc, 5> kOptions;
};
struct Readdress : Selection {
  static const std::array<OptionDesc, 4> kOptions;
};
// Each side reaches itself alone. Hosts on no side are one more.
struct Partition {
  std::vector<std::vector<Selection>> sides;
  Direction direction = Direction::both;  // seen from the first side
  static constexpr OptionDesc kOptions[] = {
      option<&Partition::direction>("direction",
                                    "what is cut: both; out: what the first side sends; in: what is sent to it"),
  };
};

using FaultEffect = std::variant<Crash, Churn, Degrade, Offline, Flap, ClockFault, Slow, Readdress, Partition>;

struct FaultTiming {
  Duration at{};
  std::optional<Duration> for_;  // else to the end

  static constexpr OptionDesc kOptions[] = {
      option<&FaultTiming::at>("at", "when it happens", in(0ns, 24h * 365)),
      option<&FaultTiming::for_>("for", "how long it lasts; to the end when left out", in(1ms, 24h * 365)),
  };
};

struct Fault {
  FaultTiming when;
  FaultEffect effect;
  std::string key;  // "faults[2].churn"
  Position at;
};

struct FaultKind {
  std::string_view name;
  std::string_view help;
  const OptionTable& (*table)();
  FaultEffect (*make)();
  // The struct inside an effect of this kind.
  void* (*options)(FaultEffect& effect);
};

std::span<const FaultKind> fault_kinds();
// Whom an effect strikes; null for a partition, which has sides.
const Selection* selection_of(const FaultEffect& effect);

}  // namespace ghostnet::scenarios
