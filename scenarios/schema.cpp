#include <nlohmann/json.hpp>

#include "ghostnet/scenarios/reference.hpp"
#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::scenarios {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNumber = R"(^\s*[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?\s*)";

constexpr std::string_view kPercent = R"(^\s*(100(\.0*)?|[0-9]{1,2}(\.[0-9]*)?([eE]-[0-9]+)?|\.[0-9]+)\s*%\s*$)";

// A quantity: a number and one of these units. A plain 0 does without.
Json quantity(std::string_view units, bool may_be_negative = false) {
  std::string pattern(kNumber);
  if (may_be_negative) pattern.insert(1, "-?");
  return {{"anyOf", Json::array({{{"const", 0}},
                                 {{"type", "string"}, {"pattern", fmt::format("{}({})\\s*$", pattern, units)}}})}};
}

Json schema_of_item(const OptionDesc& option) {
  constexpr std::string_view kDataUnits = "B|kB|MB|GB|TB|KiB|MiB|GiB|TiB";
  switch (option.kind) {
    case OptionKind::boolean: return {{"type", "boolean"}};
    case OptionKind::integer:
    case OptionKind::real: {
      Json number{{"type", option.kind == OptionKind::integer ? "integer" : "number"}};
      if (option.bounded_below()) number["minimum"] = option.min;
      if (option.bounded_above()) number["maximum"] = option.max;
      return number;
    }
    case OptionKind::duration: return quantity("ns|us|µs|ms|s|min|h|d", option.min < 0);
    case OptionKind::data_size: return quantity(kDataUnits);
    case OptionKind::data_rate: return quantity(fmt::format("[kMGT]?bit/s|[kMGT]?bps|({})/s", kDataUnits));
    case OptionKind::frequency: return quantity("%?\\s*/(s|min|h)|Hz|kHz|MHz");
    case OptionKind::fraction:
      return {{"anyOf", Json::array({{{"type", "number"}, {"minimum", 0}, {"maximum", 1}},
                                     {{"type", "string"}, {"pattern", kPercent}}})}};
    case OptionKind::choice: {
      Json names = Json::array();
      for (const std::string_view name : option.choices()) names.push_back(name);
      return {{"enum", std::move(names)}};
    }
    case OptionKind::text:
    case OptionKind::address:
    case OptionKind::endpoint:
    case OptionKind::other: return {{"type", Json::array({"string", "number", "boolean"})}};
  }
  return Json::object();
}

Json schema_of(const OptionDesc& option, const std::optional<std::string>& by_default) {
  Json schema = schema_of_item(option);
  if (option.list) {
    Json list{{"type", "array"}, {"items", schema}, {"maxItems", OptionDesc::kMaxItems}};
    schema = Json{{"anyOf", Json::array({std::move(schema), std::move(list)})}};
  }
  schema["description"] = fmt::format("{} ({})", option.help, option.expected());
  if (by_default && !by_default->empty()) schema["default"] = *by_default;
  return schema;
}

// A mapping with the keys of a table.
Json object_of(const OptionTable& table) {
  Json properties = Json::object();
  Json required = Json::array();
  const AnyOptions defaults(table);
  for (const OptionDesc& option : table.options) {
    properties[std::string(option.name)] = schema_of(option, defaults.get(option.name));
    if (option.required) required.push_back(option.name);
  }
  Json object{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) object["required"] = std::move(required);
  return object;
}

template <class T>
Json object_of() {
  return object_of(option_table<T>());
}

Json or_nothing(Json schema) { return {{"anyOf", Json::array({{{"type", "null"}}, std::move(schema)})}}; }
Json any_of(Json one, Json other) { return {{"anyOf", Json::array({std::move(one), std::move(other)})}}; }
Json list_of(Json items) { return or_nothing({{"type", "array"}, {"items", std::move(items)}}); }
Json map_of(Json values) { return or_nothing({{"type", "object"}, {"additionalProperties", std::move(values)}}); }
Json text() { return {{"type", "string"}}; }

Json described(Json schema, std::string_view description) {
  schema["description"] = description;
  return schema;
}

Json protocols(const ServiceRegistry& registry) {
  Json properties = Json::object();
  for (const ServiceDescriptor* service : registry.services()) {
    Json object = object_of(*service->options);
    object["properties"]["on"] = described(any_of(text(), {{"type", "array"}, {"items", text()}, {"minItems", 1}}),
                                           "the group whose hosts run it, or a list of groups; all when left out");
    properties[service->name] = described(or_nothing(std::move(object)), service->help);
  }
  return {
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}, {"minProperties", 1}};
}

Json workload(const ServiceRegistry& registry) {
  Json properties = Json::object();
  for (const ServiceDescriptor* service : registry.services()) {
    for (const OperationDescriptor& operation : service->operations) {
      Json object = object_of<WorkloadOptions>();
      object["properties"].update(object_of(*operation.options)["properties"]);
      Json schema = described(or_nothing(std::move(object)), operation.help);
      properties[fmt::format("{}.{}", service->name, operation.name)] = schema;
      if (registry.find_operation(operation.name)) properties[operation.name] = std::move(schema);
    }
  }
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"minProperties", 1},
          {"maxProperties", 1}};
}

Json fault() {
  Json fault = object_of<FaultTiming>();
  Json one_of = Json::array();
  for (const FaultKind& kind : fault_kinds()) {
    Json value = object_of(kind.table());
    if (kind.name == "partition") {
      const Json member = any_of(text(), {{"type", "object"},
                                          {"properties", {{"region", text()}, {"group", text()}}},
                                          {"additionalProperties", false}});
      const Json sides{
          {"type", "array"}, {"items", any_of(member, {{"type", "array"}, {"items", member}})}, {"minItems", 1}};
      value["properties"]["sides"] = sides;
      value = any_of(sides, std::move(value));
    } else {
      value = any_of(text(), std::move(value));
    }
    fault["properties"][std::string(kind.name)] = described(std::move(value), kind.help);
    one_of.push_back({{"required", Json::array({kind.name})}});
  }
  fault["oneOf"] = std::move(one_of);
  return fault;
}

Json group() {
  Json group = object_of<GroupOptions>();
  group["properties"]["interfaces"] =
      described(map_of(or_nothing(object_of<InterfaceOptions>())), "further interfaces of each host, by name");
  return or_nothing(std::move(group));
}

Json sweep() {
  const Json grid{{"type", "object"}, {"minProperties", 1}};
  return or_nothing(any_of(grid, {{"type", "array"}, {"items", grid}}));
}

}  // namespace

std::string json_schema(const ServiceRegistry& registry) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A scenario of ghostnet"},
              {"description", "Made by `ghostnet list --schema`."}};
  schema.update(object_of<RunOptions>());
  Json& keys = schema["properties"];
  const Json latency = schema_of_item(*option_table<NetworkOptions>().find("latency"));
  keys["include"] = described(or_nothing(any_of(text(), {{"type", "array"}, {"items", text()}})),
                              "files on which this one builds, named from its own directory");
  keys["network"] = or_nothing(object_of<NetworkOptions>());
  keys["tcp"] = or_nothing(object_of<tcp::TcpOptions>());
  Json ns3 = object_of<Ns3Options>();
  ns3["properties"]["attributes"] = described(map_of({{"type", Json::array({"string", "number", "boolean"})}}),
                                              "attributes of ns-3 by their full names, and their values");
  keys["ns3"] = or_nothing(std::move(ns3));
  keys["regions"] = map_of(or_nothing(object_of<RegionOptions>()));
  keys["latencies"] =
      described(or_nothing(any_of(text(), {{"type", "array"}, {"items", {{"type", "array"}, {"items", latency}}}})),
                "one way, a row for each region; or a file of comma-separated milliseconds");
  keys["routers"] = described(list_of(text()), "names of routers");
  keys["links"] = list_of(object_of<RouterLinkOptions>());
  keys["groups"] = map_of(group());
  keys["protocols"] = protocols(registry);
  keys["workload"] = list_of(workload(registry));
  keys["faults"] = list_of(fault());
  keys["expect"] = list_of(any_of(text(), object_of<ExpectationOptions>()));
  keys["sweep"] = described(sweep(), "paths with lists of values: every combination; or a list of such mappings");
  keys["record"] = or_nothing(object_of<RecordOptions>());
  return schema.dump(2) + "\n";
}

}  // namespace ghostnet::scenarios
