#include "list.hpp"

#include <nlohmann/json.hpp>

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
  for (const scenarios::KeySection& section : scenarios::key_sections()) {
    keys[name_of(section)] = options_json(*section.options);
  }
  fmt::print(
      "{}\n",
      nlohmann::json{{"schema_version", 1}, {"protocols", std::move(protocols)}, {"keys", std::move(keys)}}.dump(2));
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
    for (const MetricInfo& metric : service->metrics) {
      fmt::print("    {:<26} {} ({})\n", metric.name, metric.help, metric.unit);
    }
  }
  return kOk;
}

}  // namespace ghostnet::cli
