// Options: a plain struct, and beside it one table that says what its members are called and what they may be.
//
//   struct EchoOptions {
//     std::uint16_t port = 7007;
//     Duration timeout = 1s;
//     Transport transport = Transport::udp;
//
//     static constexpr OptionDesc kOptions[] = {
//         option<&EchoOptions::port>("port", "port that the server listens on", at_least(1)),
//         option<&EchoOptions::timeout>("timeout", "how long a reply may take", in(1ms, 1h)),
//         option<&EchoOptions::transport>("transport", "what carries the requests"),
//     };
//   };
//   template <> inline constexpr OptionChoice<Transport> ghostnet::kChoices<Transport>[] = {{Transport::udp, "udp"},
//   ...};
//
// The member says the type, a default-made struct the defaults; name, help and bounds are stated once. From this table
// come the check of a scenario, the listing of `ghostnet list`, the JSON schema and the reference pages.
//
// Types: bool, integers, double, std::string, Duration, DataSize, DataRate, Frequency, Probability, IpAddress,
// Endpoint, enumerations with kChoices, std::vector of any of these (a list), and std::optional of any (may be left
// out; has no default). Another type joins by specialising OptionType.
//
// A struct may have `Result<> validate() const` for what concerns several members. Setting fails with invalid_argument;
// the message names the option, the value and what was expected.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/quantity.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/suggest.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// What was written for an option: one text, or a list of them.
struct OptionText {
  OptionText(std::string_view text) : items(1, text) {}                        // NOLINT: a text is what is written most
  OptionText(const char* text) : OptionText(std::string_view(text)) {}         // NOLINT: so is this
  OptionText(const std::string& text) : OptionText(std::string_view(text)) {}  // NOLINT: and this
  static OptionText of_list(std::vector<std::string_view> items) { return OptionText(std::move(items), true); }
  // As on a command line: "[a, b]" is a list, all else is a text.
  static OptionText of_argument(std::string_view text);

  std::vector<std::string_view> items;
  bool list = false;

 private:
  OptionText(std::vector<std::string_view> list_items, bool is_list) : items(std::move(list_items)), list(is_list) {}
};

// The kinds of values, for those who describe options: help, schema, reference.
enum class OptionKind : std::uint8_t {
  boolean,
  integer,
  real,
  text,
  duration,
  data_size,
  data_rate,
  frequency,
  fraction,
  address,
  endpoint,
  choice,
  other,
};
std::string_view to_string(OptionKind kind);

template <class E>
struct OptionChoice {
  E value;
  std::string_view name;
};
// Specialised for each enumeration that is an option: an array of OptionChoice<E>.
template <class E>
inline constexpr int kChoices = 0;

// How values of T are read, printed and compared with bounds; specialise for other types.
//   static constexpr OptionKind kKind;
//   static Result<T> parse(std::string_view);      static std::string print(const T&);
//   static constexpr double order(const T&);       for bounds, where T has an order
template <class T>
struct OptionType;

struct OptionDesc {
  static constexpr std::size_t kMaxItems = 4096;  // of a list

  std::string_view name;
  std::string_view help;
  std::string_view unit;  // of plain numbers, "packets"; other types carry their own
  OptionKind kind{};
  bool list = false;
  bool optional = false;  // may be left out and then has no value
  bool required = false;
  // Bounds in the base unit (ns, bytes, bit/s, 1 of an integer); of a list, for each item.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();

  // The names of a choice.
  std::vector<std::string_view> (*choices)() = nullptr;
  // A bound as it is written ("64 KiB").
  std::string (*print_bound)(double bound) = nullptr;
  Result<> (*set)(const OptionDesc& option, void* object, const OptionText& text) = nullptr;
  // As it would be written; nothing for an optional without a value.
  std::optional<std::vector<std::string>> (*get)(const void* object) = nullptr;

  bool bounded_below() const { return min > -std::numeric_limits<double>::infinity(); }
  bool bounded_above() const { return max < std::numeric_limits<double>::infinity(); }
  // "1 ms to 1 h", "udp or stream", "a time": what may be written, for help and for errors.
  std::string expected() const;
};

// All that is known of a struct of options, without its type.
struct OptionTable {
  std::span<const OptionDesc> options;
  void* (*make)();
  void* (*copy)(const void* object);
  void (*destroy)(void* object);
  Result<> (*validate)(const void* object);

  const OptionDesc* find(std::string_view name) const;
  std::vector<std::string_view> names() const;
};

template <class T>
concept OptionStruct = std::is_default_constructible_v<T> && std::is_copy_constructible_v<T> &&
                       requires { std::span<const OptionDesc>(T::kOptions); };

template <OptionStruct T>
const OptionTable& option_table();

// A struct of options of any type: what a registry hands out, a scenario fills and a service reads.
class AnyOptions {
 public:
  // The defaults.
  explicit AnyOptions(const OptionTable& table) : table_(&table), object_(table.make()) {}
  template <OptionStruct T>
  static AnyOptions of(T options);
  AnyOptions(const AnyOptions& other) : table_(other.table_), object_(table_->copy(other.object_)) {}
  AnyOptions(AnyOptions&& other) noexcept
      : table_(std::exchange(other.table_, nullptr)), object_(std::exchange(other.object_, nullptr)) {}
  AnyOptions& operator=(AnyOptions other) noexcept {
    std::swap(table_, other.table_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~AnyOptions() {
    if (object_ != nullptr) table_->destroy(object_);
  }

  const OptionTable& table() const { return *table_; }
  // The struct itself, for who sets it by its table.
  void* object() { return object_; }
  // Errors: not_found for a name that is none (with the likely one), invalid_argument for a value.
  Result<> set(std::string_view name, const OptionText& text);
  // As it would be written: "40 ms", "[a, b]"; nothing where an optional has no value.
  std::optional<std::string> get(std::string_view name) const;
  // What concerns several options at once; see above.
  Result<> validate() const { return table_->validate(object_); }

  // T is the struct that it was made of.
  template <OptionStruct T>
  const T& as() const {
    return *static_cast<const T*>(object_);
  }
  template <OptionStruct T>
  T& as() {
    return *static_cast<T*>(object_);
  }

 private:
  AnyOptions(const OptionTable& table, void* object) : table_(&table), object_(object) {}

  const OptionTable* table_;
  void* object_;
};

// ---- building tables ----

// For plain numbers: what they count.
struct OptionUnit {
  std::string_view name;
};
constexpr OptionUnit unit(std::string_view name) { return {name}; }

struct OptionRequired {};
inline constexpr OptionRequired required{};

template <class T>
struct OptionBounds {
  std::optional<T> min;
  std::optional<T> max;
};
template <class T>
constexpr OptionBounds<T> in(T min, T max) {
  return {min, max};
}
// Two durations in different units.
template <class Rep1, class Period1, class Rep2, class Period2>
constexpr OptionBounds<Duration> in(std::chrono::duration<Rep1, Period1> min,
                                    std::chrono::duration<Rep2, Period2> max) {
  return {Duration(min), Duration(max)};
}
template <class T>
constexpr OptionBounds<T> at_least(T min) {
  return {min, std::nullopt};
}
template <class T>
constexpr OptionBounds<T> at_most(T max) {
  return {std::nullopt, max};
}

namespace detail {

template <class M>
struct MemberPointer;
template <class Object_, class Value_>
struct MemberPointer<Value_ Object_::*> {
  using Object = Object_;
  using Value = Value_;
};

// std::optional<std::vector<T>> and the layers in between.
template <class V>
struct OptionShape {
  using Item = V;
  static constexpr bool kList = false;
  static constexpr bool kOptional = false;
};
template <class T>
struct OptionShape<std::vector<T>> {
  using Item = T;
  static constexpr bool kList = true;
  static constexpr bool kOptional = false;
};
template <class V>
struct OptionShape<std::optional<V>> {
  using Item = typename OptionShape<V>::Item;
  static constexpr bool kList = OptionShape<V>::kList;
  static constexpr bool kOptional = true;
};

std::unexpected<Error> bad_value(const OptionDesc& option, const Error& why);
std::unexpected<Error> out_of_range(const OptionDesc& option, std::string_view text);
std::unexpected<Error> too_many_items(const OptionDesc& option, std::size_t items);
std::unexpected<Error> not_one_value(const OptionDesc& option);

template <class T>
concept Bounded = requires(const T& value) { OptionType<T>::order(value); };

template <class T>
Result<T> parse_item(const OptionDesc& option, std::string_view text) {
  Result<T> value = OptionType<T>::parse(text);
  if (!value) return bad_value(option, value.error());
  if constexpr (Bounded<T>) {
    const double order = OptionType<T>::order(*value);
    if (order < option.min || order > option.max) return out_of_range(option, text);
  }
  return value;
}

template <auto kMember>
Result<> set_member(const OptionDesc& option, void* object, const OptionText& text) {
  using Pointer = MemberPointer<decltype(kMember)>;
  using Shape = OptionShape<typename Pointer::Value>;
  using Item = typename Shape::Item;
  auto& member = static_cast<typename Pointer::Object*>(object)->*kMember;
  if constexpr (Shape::kList) {
    if (text.items.size() > OptionDesc::kMaxItems) return too_many_items(option, text.items.size());
    std::vector<Item> items;
    for (const std::string_view item : text.items) {
      Result<Item> value = parse_item<Item>(option, item);
      if (!value) return fail(std::move(value));
      items.push_back(std::move(*value));
    }
    member = std::move(items);
  } else {
    if (text.list || text.items.size() != 1) return not_one_value(option);
    Result<Item> value = parse_item<Item>(option, text.items[0]);
    if (!value) return fail(std::move(value));
    member = std::move(*value);
  }
  return {};
}

template <auto kMember>
std::optional<std::vector<std::string>> get_member(const void* object) {
  using Pointer = MemberPointer<decltype(kMember)>;
  using Shape = OptionShape<typename Pointer::Value>;
  const auto& member = static_cast<const typename Pointer::Object*>(object)->*kMember;
  const auto print = [](const auto& value) {
    std::vector<std::string> texts;
    if constexpr (Shape::kList) {
      for (const auto& item : value) texts.push_back(OptionType<typename Shape::Item>::print(item));
    } else {
      texts.push_back(OptionType<typename Shape::Item>::print(value));
    }
    return texts;
  };
  if constexpr (Shape::kOptional) {
    if (!member) return std::nullopt;
    return print(*member);
  } else {
    return print(member);
  }
}

template <class E>
std::vector<std::string_view> choice_names() {
  std::vector<std::string_view> names;
  for (const OptionChoice<E>& choice : kChoices<E>) names.push_back(choice.name);
  return names;
}

template <class Item, class T>
constexpr void apply(OptionDesc& desc, const OptionBounds<T>& bounds) {
  if (bounds.min) desc.min = OptionType<Item>::order(Item(*bounds.min));
  if (bounds.max) desc.max = OptionType<Item>::order(Item(*bounds.max));
}
template <class Item>
constexpr void apply(OptionDesc& desc, OptionUnit unit) {
  desc.unit = unit.name;
}
template <class Item>
constexpr void apply(OptionDesc& desc, OptionRequired) {
  desc.required = true;
}

}  // namespace detail

// One row of a table. More: in(min, max), at_least(min), at_most(max), unit("packets"), required.
template <auto kMember, class... More>
constexpr OptionDesc option(std::string_view name, std::string_view help, More... more) {
  using Shape = detail::OptionShape<typename detail::MemberPointer<decltype(kMember)>::Value>;
  using Type = OptionType<typename Shape::Item>;
  OptionDesc desc;
  desc.name = name;
  desc.help = help;
  desc.kind = Type::kKind;
  desc.list = Shape::kList;
  desc.optional = Shape::kOptional;
  if constexpr (Type::kKind == OptionKind::choice) desc.choices = &detail::choice_names<typename Shape::Item>;
  if constexpr (requires { Type::print_order(0.0); }) desc.print_bound = &Type::print_order;
  desc.set = &detail::set_member<kMember>;
  desc.get = &detail::get_member<kMember>;
  (detail::apply<typename Shape::Item>(desc, more), ...);
  return desc;
}

template <OptionStruct T>
const OptionTable& option_table() {
  static constexpr OptionTable kTable{
      .options = T::kOptions,
      .make = []() -> void* { return new T(); },
      .copy = [](const void* object) -> void* { return new T(*static_cast<const T*>(object)); },
      .destroy = [](void* object) { delete static_cast<T*>(object); },
      .validate = [](const void* object) -> Result<> {
        if constexpr (requires(const T& options) { options.validate(); }) {
          return static_cast<const T*>(object)->validate();
        } else {
          static_cast<void>(object);
          return {};
        }
      },
  };
  return kTable;
}

template <OptionStruct T>
AnyOptions AnyOptions::of(T options) {
  return AnyOptions(option_table<T>(), new T(std::move(options)));
}

// ---- the types ----

namespace detail {

// A type with parse and print of its own in quantity.hpp, ordered by one of its members.
template <OptionKind kKind_, auto kParse>
struct QuantityType {
  static constexpr OptionKind kKind = kKind_;
  static auto parse(std::string_view text) { return kParse(text); }
  static std::string print(const auto& value) { return to_text(value); }
};

}  // namespace detail

template <>
struct OptionType<bool> {
  static constexpr OptionKind kKind = OptionKind::boolean;
  static Result<bool> parse(std::string_view text) { return parse_boolean(text); }
  static std::string print(bool value) { return value ? "true" : "false"; }
};

template <std::integral T>
struct OptionType<T> {
  static constexpr OptionKind kKind = OptionKind::integer;
  static Result<T> parse(std::string_view text);
  static std::string print(T value) { return std::to_string(value); }
  static constexpr double order(T value) { return static_cast<double>(value); }
  static std::string print_order(double order) { return std::to_string(static_cast<std::int64_t>(order)); }
};

template <>
struct OptionType<double> {
  static constexpr OptionKind kKind = OptionKind::real;
  static Result<double> parse(std::string_view text) { return parse_real(text); }
  static std::string print(double value) { return to_text(value); }
  static constexpr double order(double value) { return value; }
  static std::string print_order(double order) { return to_text(order); }
};

template <>
struct OptionType<std::string> {
  static constexpr OptionKind kKind = OptionKind::text;
  static Result<std::string> parse(std::string_view text) { return std::string(text); }
  static std::string print(const std::string& value) { return value; }
};

template <>
struct OptionType<Duration> : detail::QuantityType<OptionKind::duration, &parse_duration> {
  static constexpr double order(Duration value) { return static_cast<double>(value.count()); }
  static std::string print_order(double order) { return to_text(Duration{static_cast<std::int64_t>(order)}); }
};
template <>
struct OptionType<DataSize> : detail::QuantityType<OptionKind::data_size, &parse_data_size> {
  static constexpr double order(DataSize value) { return static_cast<double>(value.bytes); }
  static std::string print_order(double order) { return to_text(DataSize{static_cast<std::uint64_t>(order)}); }
};
template <>
struct OptionType<DataRate> : detail::QuantityType<OptionKind::data_rate, &parse_data_rate> {
  static constexpr double order(DataRate value) { return static_cast<double>(value.bits_per_second); }
  static std::string print_order(double order) { return to_text(DataRate{static_cast<std::uint64_t>(order)}); }
};
template <>
struct OptionType<Frequency> : detail::QuantityType<OptionKind::frequency, &parse_frequency> {
  static constexpr double order(Frequency value) { return static_cast<double>(value.micro_per_hour); }
  static std::string print_order(double order) { return to_text(Frequency{static_cast<std::uint64_t>(order)}); }
};
template <>
struct OptionType<Probability> : detail::QuantityType<OptionKind::fraction, &parse_fraction> {
  static constexpr double order(Probability value) { return value.value(); }
  static std::string print_order(double order) { return to_text(Probability::of(order)); }
};

template <>
struct OptionType<IpAddress> {
  static constexpr OptionKind kKind = OptionKind::address;
  static Result<IpAddress> parse(std::string_view text) { return IpAddress::parse(text); }
  static std::string print(const IpAddress& value) { return value.to_string(); }
};
template <>
struct OptionType<Endpoint> {
  static constexpr OptionKind kKind = OptionKind::endpoint;
  static Result<Endpoint> parse(std::string_view text) { return Endpoint::parse(text); }
  static std::string print(const Endpoint& value) { return value.to_string(); }
};

template <class E>
  requires std::is_enum_v<E>
struct OptionType<E> {
  static constexpr OptionKind kKind = OptionKind::choice;
  static Result<E> parse(std::string_view text) {
    for (const OptionChoice<E>& choice : kChoices<E>) {
      if (choice.name == text) return choice.value;
    }
    return fail(Errc::invalid_argument, "'{}' is none of its values{}", text,
                suggestion(text, detail::choice_names<E>()));
  }
  static std::string print(E value) {
    for (const OptionChoice<E>& choice : kChoices<E>) {
      if (choice.value == value) return std::string(choice.name);
    }
    return {};
  }
};

template <std::integral T>
Result<T> OptionType<T>::parse(std::string_view text) {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  Result<Wide> value = [text] {
    if constexpr (std::is_signed_v<T>)
      return parse_integer(text);
    else
      return parse_unsigned(text);
  }();
  if (!value) return fail(std::move(value));
  if (!std::in_range<T>(*value)) {
    return fail(Errc::invalid_argument, "'{}' is out of range: expected {} to {}", text, std::numeric_limits<T>::min(),
                std::numeric_limits<T>::max());
  }
  return static_cast<T>(*value);
}

}  // namespace ghostnet
