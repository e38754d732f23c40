#include "list.hpp"

#include <nlohmann/json.hpp>

#include "ghostnet/scenarios/scenario.hpp"

namespace ghostnet::cli {

namespace {

std::string default_of(const OptionTable& table, const OptionDesc& option) {
  return AnyOptions(table).get(option.name).value_or("");
}

void print_options(const OptionTable& table, std::string_view indent) {
  for (const OptionDesc& option : table.options) {
    std::string value = default_of(table, option);
    fmt::print("{}{:<18} {}; {}{}\n", indent, option.name, option.help, option.expected(),
               value.empty() ? "" : fmt::format(" [{}]", value));
  }
}

nlohmann::json options_json(const OptionTable& table) {
  nlohmann::json all = nlohmann::json::array();
  for (const OptionDesc& option : table.options) {
    std::string value = default_of(table, option);
    all.push_back({{"name", option.name},
                   {"help", option.help},
                   {"type", to_string(option.kind)},
                   {"list", option.list},
                   {"expected", option.expected()},
                   {"default", value.empty() ? nlohmann::json() : nlohmann::json(value)}});
  }
  return all;
}

struct Section {
  std::string_view name;
  const OptionTable& table;
};

std::vector<Section> sections() {
  return {{"(the file)", option_table<scenarios::RunOptions>()},
          {"network", option_table<scenarios::NetworkOptions>()},
          {"ns3", option_table<scenarios::Ns3Options>()},
          {"groups.NAME", option_table<scenarios::GroupOptions>()},
          {"regions.NAME", option_table<scenarios::RegionOptions>()},
          {"workload[].OPERATION", option_table<scenarios::WorkloadOptions>()},
          {"faults[]", option_table<scenarios::FaultOptions>()}};
}

int list_json(const Program& program) {
  nlohmann::json protocols = nlohmann::json::array();
  for (const ServiceDescriptor* service : program.registry.services()) {
    nlohmann::json operations = nlohmann::json::array();
    for (const OperationDescriptor& operation : service->operations) {
      operations.push_back({{"name", operation.name},
                            {"help", operation.help},
                            {"needs_peer", operation.needs_peer},
                            {"options", options_json(*operation.options)}});
    }
    nlohmann::json metrics = nlohmann::json::array();
    for (const MetricInfo& metric : service->metrics) {
      metrics.push_back(
          {{"name", metric.name}, {"unit", metric.unit}, {"help", metric.help}, {"kind", to_string(metric.kind)}});
    }
    protocols.push_back({{"name", service->name},
                         {"help", service->help},
                         {"options", options_json(*service->options)},
                         {"operations", std::move(operations)},
                         {"metrics", std::move(metrics)},
                         {"origin", service->origin}});
  }
  nlohmann::json keys = nlohmann::json::object();
  for (const Section& section : sections()) keys[std::string(section.name)] = options_json(section.table);
  fmt::print(
      "{}\n",
      nlohmann::json{{"schema_version", 1}, {"protocols", std::move(protocols)}, {"keys", std::move(keys)}}.dump(2));
  return kOk;
}

}  // namespace

int list(bool json, const Program& program) {
  if (json) return list_json(program);
  fmt::print("Keys of a scenario\n");
  for (const Section& section : sections()) {
    fmt::print("\n  {}\n", section.name);
    print_options(section.table, "    ");
  }
  fmt::print("\nProtocols\n");
  for (const ServiceDescriptor* service : program.registry.services()) {
    fmt::print("\n  {}: {}\n", service->name, service->help);
    print_options(*service->options, "    ");
    for (const OperationDescriptor& operation : service->operations) {
      fmt::print("    - {}: {}\n", operation.name, operation.help);
      print_options(*operation.options, "        ");
    }
    for (const MetricInfo& metric : service->metrics) {
      fmt::print("    {:<26} {} ({})\n", metric.name, metric.help, metric.unit);
    }
  }
  return kOk;
}

}  // namespace ghostnet::cli
