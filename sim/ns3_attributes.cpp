#include "ghostnet/sim/ns3_attributes.hpp"

#include <ns3/attribute.h>
#include <ns3/config.h>
#include <ns3/string.h>
#include <ns3/type-id.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "ghostnet/runtime/suggest.hpp"

namespace ghostnet::sim {

namespace {

// A virtual time beyond this overflows ns-3's 64-bit nanoseconds.
constexpr double kMaxSeconds = 9e9;

struct Unit {
  std::string_view name;
  double factor;
};
constexpr Unit kTimeUnits[] = {{"", 1},       {"s", 1},    {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9},   {"ps", 1e-12},
                               {"fs", 1e-15}, {"min", 60}, {"h", 3600},  {"d", 86400}, {"y", 31536000}};
constexpr Unit kRateUnits[] = {{"bps", 1},    {"b/s", 1},    {"Bps", 8},    {"B/s", 8},    {"kbps", 1e3},
                               {"kb/s", 1e3}, {"Kbps", 1e3}, {"Kb/s", 1e3}, {"kBps", 8e3}, {"kB/s", 8e3},
                               {"KBps", 8e3}, {"KB/s", 8e3}, {"Mbps", 1e6}, {"Mb/s", 1e6}, {"MBps", 8e6},
                               {"MB/s", 8e6}, {"Gbps", 1e9}, {"Gb/s", 1e9}, {"GBps", 8e9}, {"GB/s", 8e9}};
constexpr Unit kSizeUnits[] = {{"p", 1},    {"kp", 1e3}, {"Kp", 1e3},   {"Mp", 1e6}, {"B", 1},
                               {"kB", 1e3}, {"KB", 1e3}, {"KiB", 1024}, {"MB", 1e6}, {"MiB", 1048576}};

// A decimal number and a unit of the list, nothing else: ns-3 would end the process at the rest.
bool is_quantity(std::string_view text, std::span<const Unit> units, double min, double max) {
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return false;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& known : units) {
    if (unit == known.name) return number * known.factor >= min && number * known.factor <= max;
  }
  return false;
}

template <class T>
bool is_number(std::string_view text) {
  T number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    std::size_t at = text.find(separator);
    words.push_back(text.substr(0, at));
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  }
  return words;
}

std::string suggest(std::string_view word, const std::vector<std::string>& names) {
  std::vector<std::string_view> views(names.begin(), names.end());
  return suggestion(word, views);
}

std::string suggest_type(std::string_view name) {
  std::vector<std::string> names;
  for (std::uint16_t i = 0; i < ns3::TypeId::GetRegisteredN(); ++i)
    names.push_back(ns3::TypeId::GetRegistered(i).GetName());
  return suggest(name, names);
}

// The ancestor directly below ns3::Object: what kind of thing a type is.
ns3::TypeId kind_of(ns3::TypeId type) {
  while (type.HasParent() && type.GetParent().GetName() != "ns3::Object" &&
         type.GetParent().GetName() != "ns3::ObjectBase") {
    type = type.GetParent();
  }
  return type;
}

struct Found {
  ns3::TypeId type;
  std::size_t index;
  ns3::TypeId::AttributeInformation info;
};

std::optional<Found> own_attribute(ns3::TypeId type, std::string_view name) {
  for (std::size_t i = 0; i < type.GetAttributeN(); ++i) {
    ns3::TypeId::AttributeInformation info = type.GetAttribute(i);
    if (info.name == name) return Found{type, i, info};
  }
  return std::nullopt;
}

Result<Found> find(const std::string& full_name) {
  std::size_t at = full_name.rfind("::");
  if (at == std::string::npos || at == 0 || full_name.starts_with("::")) {
    return fail(Errc::invalid_argument,
                "attribute '{}': expected a type and an attribute, as in ns3::TcpSocket::SegmentSize", full_name);
  }
  std::string type_name = full_name.substr(0, at);
  std::string name = full_name.substr(at + 2);
  ns3::TypeId type;
  if (!ns3::TypeId::LookupByNameFailSafe(type_name, &type)) {
    return fail(Errc::not_found, "attribute '{}': ns-3 has no type '{}'{}", full_name, type_name,
                suggest_type(type_name));
  }
  if (auto found = own_attribute(type, name)) return std::move(*found);
  std::vector<std::string> names;
  for (ns3::TypeId owner = type;; owner = owner.GetParent()) {
    if (owner != type && own_attribute(owner, name)) {
      return fail(Errc::not_found, "attribute '{}': it belongs to the base type: write {}::{}", full_name,
                  owner.GetName(), name);
    }
    for (std::size_t i = 0; i < owner.GetAttributeN(); ++i) names.push_back(owner.GetAttribute(i).name);
    if (!owner.HasParent() || owner.GetParent() == owner) break;
  }
  for (std::uint16_t i = 0; i < ns3::TypeId::GetRegisteredN(); ++i) {
    const ns3::TypeId other = ns3::TypeId::GetRegistered(i);
    if (other.IsChildOf(type) && own_attribute(other, name)) {
      return fail(Errc::not_found, "attribute '{}': it belongs to a derived type: write {}::{}", full_name,
                  other.GetName(), name);
    }
  }
  return fail(Errc::not_found, "attribute '{}': {} has no attribute '{}'{}", full_name, type_name, name,
              suggest(name, names));
}

Result<> check_type_value(const Found& found, const std::string& value) {
  ns3::TypeId type;
  if (!ns3::TypeId::LookupByNameFailSafe(value, &type)) {
    return fail(Errc::invalid_argument, "ns-3 has no type '{}'{}", value, suggest_type(value));
  }
  ns3::TypeId usual;
  std::string usual_name = found.info.originalInitialValue->SerializeToString(found.info.checker);
  if (ns3::TypeId::LookupByNameFailSafe(usual_name, &usual) && kind_of(usual) != kind_of(type)) {
    return fail(Errc::invalid_argument, "{} is no {}, as {} is", value, kind_of(usual).GetName(), usual_name);
  }
  if (!type.HasConstructor()) return fail(Errc::invalid_argument, "{} is abstract", value);
  return {};
}

Result<> check_enum_value(const Found& found, const std::string& value) {
  std::string known = found.info.checker->GetUnderlyingTypeInformation();
  std::vector<std::string_view> names = split(known, '|');
  for (std::string_view name : names) {
    if (name == value) return {};
  }
  return fail(Errc::invalid_argument, "'{}' is none of {}", value, known);
}

// That ns-3's own parser, which may end the process, takes this text.
Result<> check_syntax(const Found& found, const std::string& value) {
  std::string type = found.info.checker->GetValueTypeName();  // of some kinds without the namespace
  if (type.starts_with("ns3::")) type.erase(0, 5);
  auto require = [&](bool ok, std::string_view expected) -> Result<> {
    if (!ok) return fail(Errc::invalid_argument, "'{}' is not {}", value, expected);
    return {};
  };
  if (type == "BooleanValue") return require(value == "true" || value == "false", "true or false");
  if (type == "UintegerValue") return require(is_number<std::uint64_t>(value), "a whole number, 0 or more");
  if (type == "IntegerValue") return require(is_number<std::int64_t>(value), "a whole number");
  if (type == "DoubleValue")
    return require(is_quantity(value, kTimeUnits, -HUGE_VAL, HUGE_VAL) && is_number<double>(value), "a number");
  if (type == "TimeValue")
    return require(is_quantity(value, kTimeUnits, -kMaxSeconds, kMaxSeconds), "a time such as 200ms or 1.5s");
  if (type == "DataRateValue") return require(is_quantity(value, kRateUnits, 0, 1e18), "a rate such as 50Mbps");
  if (type == "QueueSizeValue")
    return require(is_quantity(value, kSizeUnits, 0, UINT32_MAX), "a size such as 100p or 64KiB");
  if (type == "EnumValue") return check_enum_value(found, value);
  if (type == "TypeIdValue") return check_type_value(found, value);
  return fail(Errc::not_supported, "attributes of type {} cannot be set here", type);
}

Result<ns3::Ptr<ns3::AttributeValue>> parse(const Found& found, const std::string& value) {
  if (found.info.supportLevel == ns3::TypeId::OBSOLETE) {
    return fail(Errc::not_supported, "ns-3 has given this attribute up: {}", found.info.supportMsg);
  }
  if ((found.info.flags & ns3::TypeId::ATTR_CONSTRUCT) == 0)
    return fail(Errc::not_supported, "this attribute can only be read");
  if (Result<> ok = check_syntax(found, value); !ok) return fail(std::move(ok));
  ns3::Ptr<ns3::AttributeValue> parsed = found.info.checker->CreateValidValue(ns3::StringValue(value));
  if (parsed == nullptr) {
    return fail(Errc::invalid_argument, "'{}' is out of range: expected {}", value,
                found.info.checker->GetUnderlyingTypeInformation());
  }
  return parsed;
}

}  // namespace

Result<> set_attributes(const std::vector<Ns3Attribute>& attributes) {
  std::vector<std::pair<Found, ns3::Ptr<ns3::AttributeValue>>> checked;
  for (const Ns3Attribute& attribute : attributes) {
    Result<Found> found = find(attribute.name);
    if (!found) return fail(std::move(found));
    Result<ns3::Ptr<ns3::AttributeValue>> value = parse(*found, attribute.value);
    if (!value) return std::unexpected(value.error().while_doing(fmt::format("attribute '{}'", attribute.name)));
    checked.emplace_back(std::move(*found), *value);
  }
  for (auto& [found, value] : checked) found.type.SetAttributeInitialValue(found.index, value);
  return {};
}

void reset_attributes() { ns3::Config::Reset(); }

Result<> check_type(const std::string& name, const std::string& base) {
  ns3::TypeId type;
  ns3::TypeId base_type;
  if (!ns3::TypeId::LookupByNameFailSafe(name, &type)) {
    return fail(Errc::not_found, "ns-3 has no type '{}'{}", name, suggest_type(name));
  }
  if (!ns3::TypeId::LookupByNameFailSafe(base, &base_type) || !type.IsChildOf(base_type)) {
    return fail(Errc::invalid_argument, "{} is no {}", name, base);
  }
  if (!type.HasConstructor()) return fail(Errc::invalid_argument, "{} is abstract", name);
  return {};
}

Result<> check_queue_size(const std::string& text) {
  if (is_quantity(text, kSizeUnits, 1, UINT32_MAX)) return {};
  return fail(Errc::invalid_argument, "queue '{}': expected a length such as 100p or 64KiB", text);
}

}  // namespace ghostnet::sim
