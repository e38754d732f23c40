#include "ghostnet/scenarios/fault.hpp"

#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::scenarios {

namespace {

template <class T>
constexpr std::array<OptionDesc, 4> selection_keys() {
  return {
      option<static_cast<std::string T::*>(&T::group)>("group", "the group whose hosts are struck, or all"),
      option<static_cast<std::string T::*>(&T::region)>("region", "of these, the hosts that stand in this region"),
      option<static_cast<std::optional<Probability> T::*>(&T::share)>("share", "of these, so large a part by chance"),
      option<static_cast<std::optional<std::uint32_t> T::*>(&T::count)>("count", "of these, so many by chance",
                                                                        at_least(1U)),
  };
}

template <class T>
constexpr std::array<OptionDesc, 10> harm_keys() {
  constexpr std::array<OptionDesc, 14> kAll = link_keys<T>();
  std::array<OptionDesc, 10> some{};
  for (std::size_t i = 0; i < some.size(); ++i) some[i] = kAll[i];  // all but what shapes the queue
  return some;
}

template <class T>
constexpr FaultKind kind(std::string_view name, std::string_view help) {
  return {.name = name,
          .help = help,
          .table = [] -> const OptionTable& { return option_table<T>(); },
          .make = [] { return FaultEffect(T{}); },
          .options = [](FaultEffect& effect) -> void* { return &std::get<T>(effect); }};
}

constexpr FaultKind kFaultKinds[] = {
    kind<Crash>("crash", "hosts go down, and come up again when it ends"),
    kind<Churn>("churn", "each host leaves by chance and comes back after a while, over and over"),
    kind<Partition>("partition", "groups or regions that do not reach each other"),
    kind<Degrade>("degrade", "links of hosts get worse"),
    kind<Offline>("offline", "links of hosts go down; the hosts go on"),
    kind<Flap>("flap", "links of hosts go down and up, over and over"),
    kind<ClockFault>("clock", "clocks of hosts jump or run at another speed"),
    kind<Slow>("slow", "CPUs of hosts become slower"),
    kind<Readdress>("readdress", "hosts get other addresses"),
};

}  // namespace

const std::array<OptionDesc, 4> Crash::kOptions = selection_keys<Crash>();
const std::array<OptionDesc, 6> Churn::kOptions = joined(
    selection_keys<Churn>(),
    std::array{
        option<&Churn::leave>("leave", "how often a host leaves, as 5 %/min or 3 /h", required),
        option<&Churn::rejoin>("rejoin", "mean time until it is back; never when left out", in(1ms, 24h * 365))});
const std::array<OptionDesc, 14> Degrade::kOptions = joined(selection_keys<Degrade>(), harm_keys<Degrade>());
const std::array<OptionDesc, 4> Offline::kOptions = selection_keys<Offline>();
const std::array<OptionDesc, 6> Flap::kOptions =
    joined(selection_keys<Flap>(), std::array{option<&Flap::down>("down", "for so long", in(1ms, 24h)),
                                              option<&Flap::up>("up", "then up for so long", in(1ms, 24h))});
const std::array<OptionDesc, 6> ClockFault::kOptions =
    joined(selection_keys<ClockFault>(),
           std::array{option<&ClockFault::step>("step", "civil time jumps by so much", in(-8760h, 525'600min)),
                      option<&ClockFault::drift>("drift", "clocks run fast by so many parts per million",
                                                 in(-500'000.0, 500'000.0), unit("ppm"))});
const std::array<OptionDesc, 5> Slow::kOptions =
    joined(selection_keys<Slow>(),
           std::array{option<&Slow::factor>("factor", "so many times as slow as before", in(0.01, 100'000.0))});
const std::array<OptionDesc, 4> Readdress::kOptions = selection_keys<Readdress>();

Result<> Degrade::validate() const {
  if (any()) return {};
  return fail(Errc::invalid_argument, "expected how links get worse, such as `loss: 5 %` or `bandwidth: 1 Mbit/s`");
}

Result<> ClockFault::validate() const {
  if (step != Duration::zero() || drift != 0) return {};
  return fail(Errc::invalid_argument, "expected what clocks do: `step: 3 s`, or `drift: 200`");
}

std::span<const FaultKind> fault_kinds() { return kFaultKinds; }

const Selection* selection_of(const FaultEffect& effect) {
  return std::visit(
      [](const auto& kind) -> const Selection* {
        if constexpr (std::derived_from<std::remove_cvref_t<decltype(kind)>, Selection>) {
          return &kind;
        } else {
          return nullptr;
        }
      },
      effect);
}

}  // namespace ghostnet::scenarios

namespace ghostnet {

Result<scenarios::LeaveRate> OptionType<scenarios::LeaveRate>::parse(std::string_view text) {
  std::size_t percent = text.find('%');
  if (percent == std::string_view::npos) {
    Result<Frequency> frequency = parse_frequency(text);
    if (!frequency) return fail(std::move(frequency));
    return scenarios::LeaveRate{*frequency};
  }
  Result<double> number = parse_real(text.substr(0, text.find_last_not_of(' ', percent - 1) + 1));
  Result<Frequency> once = parse_frequency("1 " + std::string(text.substr(percent + 1)));
  if (percent == 0 || !number || !once || *number < 0 || *number > 1e6) {
    return fail(Errc::invalid_argument, "'{}' is no rate of leaving: expected a share in time, as 5 %/min", text);
  }
  const double micro_per_hour = static_cast<double>(once->micro_per_hour) * *number / 100;
  return scenarios::LeaveRate{{static_cast<std::uint64_t>(micro_per_hour + 0.5)}};
}

}  // namespace ghostnet
