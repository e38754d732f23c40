// ServiceRegistry: the services that a program knows by name, each with all there is to say about it.
//
// main builds one, explicitly:
//   ServiceRegistry registry;
//   registry.add(echo::service());
// A descriptor is made from the types of a service:
//   ServiceDescriptor echo::service() {
//     return describe<EchoService>("echo", "Sends messages and checks what comes back (RFC 862)")
//         .operation<&EchoService::exchange>("echo", "one message there and back");
//   }
// An operation is what a workload of a scenario asks of a service, again and again: a member function
//   Task<Result<>> f(Peer, const O&)     done with a peer, which the caller chooses
//   Task<Result<>> f(const O&)           done alone (publish, join)
// where O is a struct of options. The options outlive the task. An operation that fails counts as failed; metrics tell
// the rest.
//
// Names are lower-case words joined by _ or -. Adding a name twice is an error, so that a plug-in cannot replace what
// is there. Descriptors stay where they are until the registry goes.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/options.hpp"
#include "ghostnet/runtime/service.hpp"

namespace ghostnet {

struct OperationDescriptor {
  std::string name;
  std::string help;
  bool needs_peer = false;
  const OptionTable* options = nullptr;
  // `service` is of the descriptor's type and `options` of that table; both outlive the task. `peer` is ignored by
  // operations that need none.
  Task<Result<>> (*perform)(Service& service, Peer peer, const AnyOptions& options) = nullptr;
};

struct ServiceDescriptor {
  std::string name;
  std::string help;
  const OptionTable* options = nullptr;
  std::vector<MetricInfo> metrics;  // full names, "echo.rtt"
  std::vector<OperationDescriptor> operations;
  std::vector<std::string_view> needs;  // services that it stands on, and finds beside it (ServiceContext::sibling)
  Result<std::unique_ptr<Service>> (*start)(const ServiceContext& context, const AnyOptions& options) = nullptr;
  std::string origin;  // the plug-in that it came with; empty: built in

  const OperationDescriptor* find_operation(std::string_view operation) const;
};

// The metrics of a family, by full name, in the order of its table.
template <MetricFamily F>
std::vector<MetricInfo> metrics_of();

template <class S>
class DescriptorOf : public ServiceDescriptor {
 public:
  template <auto kMember>
  DescriptorOf& operation(std::string_view name, std::string_view help);
};

template <std::derived_from<Service> S>
DescriptorOf<S> describe(std::string_view name, std::string_view help);

class ServiceRegistry {
 public:
  static constexpr std::size_t kMaxServices = 1024;

  ServiceRegistry() = default;
  ServiceRegistry(const ServiceRegistry&) = delete;
  ServiceRegistry& operator=(const ServiceRegistry&) = delete;

  // Errors: invalid_argument for a name that is taken or is none, or for two metrics of one name; limit.
  Result<> add(ServiceDescriptor descriptor);

  const ServiceDescriptor* find(std::string_view name) const;

  struct Operation {
    const ServiceDescriptor* service = nullptr;
    const OperationDescriptor* operation = nullptr;
  };
  // By "service.operation", or by "operation" where only one service has such a one. Errors: not_found with the likely
  // one, invalid_argument where several services have it, with their names.
  Result<Operation> find_operation(std::string_view name) const;

  // In order of name.
  std::vector<const ServiceDescriptor*> services() const;
  std::vector<std::string_view> names() const;

 private:
  std::map<std::string, std::unique_ptr<const ServiceDescriptor>, std::less<>> services_;
};

// ---- below: how descriptors are made ----

template <MetricFamily F>
std::vector<MetricInfo> metrics_of() {
  std::vector<MetricInfo> metrics;
  for (const FamilyMetric<F>& metric : F::kMetrics) {
    metrics.push_back({std::string(F::kFamily) + "." + std::string(metric.desc.name), std::string(metric.desc.unit),
                       std::string(metric.desc.help), metric.kind});
  }
  return metrics;
}

namespace detail {

template <class F>
struct OperationMember;
template <class S, class O>
struct OperationMember<Task<Result<>> (S::*)(Peer, const O&)> {
  using Options = O;
  static constexpr bool kNeedsPeer = true;
};
template <class S, class O>
struct OperationMember<Task<Result<>> (S::*)(const O&)> {
  using Options = O;
  static constexpr bool kNeedsPeer = false;
};

}  // namespace detail

template <class S>
template <auto kMember>
DescriptorOf<S>& DescriptorOf<S>::operation(std::string_view name, std::string_view help) {
  using Member = detail::OperationMember<decltype(kMember)>;
  using Options = typename Member::Options;
  operations.push_back({
      .name = std::string(name),
      .help = std::string(help),
      .needs_peer = Member::kNeedsPeer,
      .options = &option_table<Options>(),
      .perform = [](Service& service, Peer peer, const AnyOptions& options) -> Task<Result<>> {
        if constexpr (Member::kNeedsPeer) {
          return (static_cast<S&>(service).*kMember)(peer, options.as<Options>());
        } else {
          static_cast<void>(peer);
          return (static_cast<S&>(service).*kMember)(options.as<Options>());
        }
      },
  });
  return *this;
}

template <std::derived_from<Service> S>
DescriptorOf<S> describe(std::string_view name, std::string_view help) {
  DescriptorOf<S> descriptor;
  descriptor.name = name;
  descriptor.help = help;
  descriptor.options = &option_table<typename S::Options>();
  descriptor.metrics = metrics_of<typename S::Metrics>();
  descriptor.start = [](const ServiceContext& context, const AnyOptions& options) -> Result<std::unique_ptr<Service>> {
    auto started = S::start(context, options.as<typename S::Options>());
    if (!started) return fail(std::move(started));
    return std::unique_ptr<Service>(std::move(*started));
  };
  return descriptor;
}

}  // namespace ghostnet
