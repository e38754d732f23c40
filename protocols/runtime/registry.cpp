#include "ghostnet/runtime/registry.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace ghostnet {
namespace {

constexpr std::size_t kMaxNameBytes = 64;

bool is_name(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_inner = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxNameBytes && is_letter(name.front()) &&
         std::ranges::all_of(name, is_inner);
}

Result<> check_names(const ServiceDescriptor& service) {
  constexpr std::string_view kWanted = "expected lower-case letters, digits, _ and -, from a letter on";
  if (!is_name(service.name)) return fail(Errc::invalid_argument, "service '{}': {}", service.name, kWanted);
  std::set<std::string_view> seen;
  for (const OperationDescriptor& operation : service.operations) {
    if (!is_name(operation.name)) {
      return fail(Errc::invalid_argument, "operation '{}' of service '{}': {}", operation.name, service.name, kWanted);
    }
    if (!seen.insert(operation.name).second) {
      return fail(Errc::invalid_argument, "service '{}' has two operations '{}'", service.name, operation.name);
    }
  }
  return {};
}

}  // namespace

const OperationDescriptor* ServiceDescriptor::find_operation(std::string_view operation) const {
  const auto found = std::ranges::find(operations, operation, &OperationDescriptor::name);
  return found == operations.end() ? nullptr : &*found;
}

Result<> ServiceRegistry::add(ServiceDescriptor descriptor) {
  if (Result<> named = check_names(descriptor); !named) return named;
  if (services_.size() >= kMaxServices) return fail(Errc::limit, "there are {} services already", kMaxServices);
  if (const ServiceDescriptor* const other = find(descriptor.name)) {
    return fail(Errc::invalid_argument, "service '{}'{} is there already{}", descriptor.name,
                descriptor.origin.empty() ? "" : fmt::format(" of {}", descriptor.origin),
                other->origin.empty() ? "" : fmt::format(", from {}", other->origin));
  }
  for (const auto& [name, other] : services_) {
    for (const MetricInfo& metric : descriptor.metrics) {
      if (std::ranges::find(other->metrics, metric.name, &MetricInfo::name) == other->metrics.end()) continue;
      return fail(Errc::invalid_argument, "metric '{}' of service '{}' is one of '{}'", metric.name, descriptor.name,
                  name);
    }
  }
  std::string name = descriptor.name;
  services_.emplace(std::move(name), std::make_unique<const ServiceDescriptor>(std::move(descriptor)));
  return {};
}

const ServiceDescriptor* ServiceRegistry::find(std::string_view name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : found->second.get();
}

Result<ServiceRegistry::Operation> ServiceRegistry::find_operation(std::string_view name) const {
  const std::size_t dot = name.find('.');
  const std::string_view wanted_service = dot == name.npos ? std::string_view() : name.substr(0, dot);
  const std::string_view wanted = dot == name.npos ? name : name.substr(dot + 1);
  std::vector<Operation> matches;
  std::vector<std::string> names;
  for (const auto& [service_name, service] : services_) {
    for (const OperationDescriptor& operation : service->operations) {
      names.push_back(dot == name.npos ? operation.name : fmt::format("{}.{}", service_name, operation.name));
      if (operation.name != wanted || (dot != name.npos && service_name != wanted_service)) continue;
      matches.push_back({service.get(), &operation});
    }
  }
  if (matches.size() == 1) return matches.front();
  if (matches.empty()) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    return fail(Errc::not_found, "no service has an operation '{}'{}", name, suggestion(name, views));
  }
  std::vector<std::string> qualified;
  for (const Operation& match : matches) qualified.push_back(fmt::format("{}.{}", match.service->name, wanted));
  return fail(Errc::invalid_argument, "several services have an operation '{}': say {}", name,
              fmt::join(qualified, " or "));
}

std::vector<const ServiceDescriptor*> ServiceRegistry::services() const {
  std::vector<const ServiceDescriptor*> services;
  for (const auto& [name, service] : services_) services.push_back(service.get());
  return services;
}

std::vector<std::string_view> ServiceRegistry::names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, service] : services_) names.push_back(name);
  return names;
}

}  // namespace ghostnet
