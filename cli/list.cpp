#include "list.hpp"

#include <nlohmann/json.hpp>

#include "ghostnet/scenarios/host_metrics.hpp"
#include "ghostnet/scenarios/reference.hpp"

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

nlohmann::json metrics_json(std::span<const MetricInfo> metrics) {
  nlohmann::json all = nlohmann::json::array();
  for (const MetricInfo& metric : metrics) {
    all.push_back(
        {{"name", metric.name}, {"unit", metric.unit}, {"help", metric.help}, {"kind", to_string(metric.kind)}});
  }
  return all;
}

void print_metrics(std::span<const MetricInfo> metrics) {
  for (const MetricInfo& metric : metrics) {
    fmt::print("    {:<26} {} ({})\n", metric.name, metric.help, metric.unit);
  }
}

std::string name_of(const scenarios::KeySection& section) {
  return section.path.empty() ? "(the file)" : std::string(section.path);
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
    protocols.push_back({{"name", service->name},
                         {"help", service->help},
                         {"options", options_json(*service->options)},
                         {"operations", std::move(operations)},
                         {"metrics", metrics_json(service->metrics)},
                         {"origin", service->origin}});
  }
  nlohmann::json keys = nlohmann::json::object();
  for (const scenarios::KeySection& section : scenarios::key_sections()) {
    keys[name_of(section)] = options_json(*section.options);
  }
  const nlohmann::json document{{"schema_version", 1},
                                {"protocols", std::move(protocols)},
                                {"metrics", metrics_json(scenarios::host_metrics())},
                                {"keys", std::move(keys)}};
  fmt::print("{}\n", document.dump(2));
  return kOk;
}

}  // namespace

int list(ListForm form, const Program& program) {
  if (form == ListForm::json) return list_json(program);
  if (form != ListForm::text) {
    fmt::print("{}", form == ListForm::schema ? scenarios::json_schema(program.registry)
                                              : scenarios::reference_page(program.registry));
    return kOk;
  }
  fmt::print("Keys of a scenario\n");
  for (const scenarios::KeySection& section : scenarios::key_sections()) {
    fmt::print("\n  {}: {}\n", name_of(section), section.help);
    print_options(*section.options, "    ");
  }
  fmt::print("\nProtocols\n");
  for (const ServiceDescriptor* service : program.registry.services()) {
    fmt::print("\n  {}: {}\n", service->name, service->help);
    print_options(*service->options, "    ");
    for (const OperationDescriptor& operation : service->operations) {
      fmt::print("    - {}: {}\n", operation.name, operation.help);
      print_options(*operation.options, "        ");
    }
    print_metrics(service->metrics);
  }
  fmt::print("\nMetrics of hosts of the fabric\n\n");
  print_metrics(scenarios::host_metrics());
  return kOk;
}

}  // namespace ghostnet::cli
