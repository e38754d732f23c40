#include "ghostnet/gossipsub/service.hpp"

#include <utility>

#include "ghostnet/libp2p/service.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::gossipsub {
namespace {

constexpr Duration kMeasureInterval = 1s;

// What a published message begins with.
struct Stamp {
  HostId publisher = kNoHost;
  std::uint64_t number = 0;
  TimePoint published{};
};

std::vector<std::uint8_t> stamped(const Stamp& stamp, std::size_t size_bytes) {
  std::vector<std::uint8_t> data(size_bytes);
  ByteWriter out(data);
  out.u64(stamp.publisher);
  out.u64(stamp.number);
  out.u64(static_cast<std::uint64_t>(to_ns(stamp.published)));
  return data;
}

std::optional<Stamp> stamp_of(ByteView data) {
  ByteReader in(data);
  const Stamp stamp{.publisher = static_cast<HostId>(in.u64()),
                    .number = in.u64(),
                    .published = from_ns(static_cast<std::int64_t>(in.u64()))};
  if (!in.ok()) return std::nullopt;
  return stamp;
}

}  // namespace

ScoreParams GossipsubOptions::score_params() const {
  ScoreParams params{.enabled = scoring,
                     .ip_colocation_factor_weight = ip_colocation_weight,
                     .behaviour_penalty_weight = behaviour_penalty_weight,
                     .topic = {}};
  params.topic.mesh_message_deliveries_weight = mesh_deliveries_weight;
  params.topic.mesh_message_deliveries_threshold = mesh_deliveries_threshold;
  params.topic.mesh_message_deliveries_cap = 4 * mesh_deliveries_threshold;
  params.topic.mesh_message_deliveries_decay = mesh_deliveries_decay;
  params.topic.mesh_message_deliveries_window = mesh_deliveries_window;
  params.topic.mesh_message_deliveries_activation = mesh_deliveries_activation;
  params.topic.mesh_failure_penalty_weight = mesh_deliveries_weight;
  params.topic.invalid_message_deliveries_weight = invalid_deliveries_weight;
  return params;
}

Result<> GossipsubOptions::validate() const {
  if (auto valid = RouterOptions::validate(); !valid) return valid;
  return score_params().validate();
}

GossipsubService::GossipsubService(const ServiceContext& context, libp2p::Node& node, const GossipsubOptions& options)
    : host_(context.host),
      others_(context.directory == nullptr ? 0 : context.directory->size() - 1),
      topics_(options.topics),
      metrics_(context.host.metrics().family<GossipsubMetrics>()),
      pubsub_(node, options, options.score_params(), *this),
      scope_(context.host.loop()) {}

Result<std::unique_ptr<GossipsubService>> GossipsubService::start(const ServiceContext& context,
                                                                  const GossipsubOptions& options) {
  auto* const libp2p = static_cast<libp2p::Libp2pService*>(context.sibling("libp2p"));
  if (libp2p == nullptr) return fail(Errc::invalid_argument, "gossipsub stands on libp2p, which does not run here");
  std::unique_ptr<GossipsubService> service(new GossipsubService(context, libp2p->node(), options));
  for (const std::string& topic : options.topics) {
    if (auto joined = service->pubsub_.subscribe(topic); !joined) return fail(joined);
  }
  service->scope_.spawn(service->measure());
  return service;
}

Task<> GossipsubService::measure() {
  while (true) {
    co_await host_.clock().sleep(kMeasureInterval);
    count();
    for (const std::string& topic : topics_) metrics_.mesh_degree.record(pubsub_.router().mesh(topic).size());
  }
}

// Brings the metrics to where the router's counters are.
void GossipsubService::count() {
  const RouterCounters& now = pubsub_.router().counters();
  const auto add = [&](Counter& metric, std::uint64_t RouterCounters::* counter) {
    metric.add(now.*counter - counted_.*counter);
  };
  add(metrics_.delivered, &RouterCounters::delivered);
  add(metrics_.duplicates, &RouterCounters::duplicates);
  add(metrics_.rejected, &RouterCounters::rejected);
  add(metrics_.sent_copies, &RouterCounters::forwarded);
  add(metrics_.suppressed, &RouterCounters::suppressed);
  add(metrics_.dropped, &RouterCounters::dropped);
  add(metrics_.payload_bytes, &RouterCounters::payload_bytes);
  add(metrics_.control_bytes, &RouterCounters::control_bytes);
  add(metrics_.ihave_ids, &RouterCounters::ihave_sent);
  add(metrics_.iwant_ids, &RouterCounters::iwant_sent);
  add(metrics_.iwant_served, &RouterCounters::iwant_served);
  add(metrics_.idontwant, &RouterCounters::idontwant_sent);
  add(metrics_.grafts, &RouterCounters::grafts);
  add(metrics_.prunes, &RouterCounters::prunes);
  counted_ = now;
}

void GossipsubService::received(const Delivery& delivery) {
  const auto stamp = stamp_of(delivery.message.data);
  if (!stamp) return;  // of a program that publishes something else
  const Duration latency = host_.now() - stamp->published;
  if (latency >= Duration()) metrics_.delivery_latency.record(latency);
}

Task<Result<>> GossipsubService::publish(const PublishRequest& request) {
  const auto data = stamped({.publisher = host_.id(), .number = number_++, .published = host_.now()},
                            static_cast<std::size_t>(request.size.bytes));
  const auto published = pubsub_.publish(request.topic, data);
  if (!published) co_return fail(published);
  metrics_.published.add(1);
  metrics_.expected.add(others_);
  co_return Result<>();
}

Task<Result<>> GossipsubService::join(const TopicRequest& request) {
  if (auto joined = pubsub_.subscribe(request.topic); !joined) co_return joined;
  if (request.hold == Duration()) co_return Result<>();
  co_await host_.clock().sleep(request.hold);
  pubsub_.unsubscribe(request.topic);
  co_return Result<>();
}

Task<Result<>> GossipsubService::leave(const TopicRequest& request) {
  pubsub_.unsubscribe(request.topic);
  if (request.hold == Duration()) co_return Result<>();
  co_await host_.clock().sleep(request.hold);
  co_return pubsub_.subscribe(request.topic);
}

Task<> GossipsubService::stop(TimePoint deadline) {
  static_cast<void>(deadline);
  scope_.close();
  count();
  co_return;
}

ServiceDescriptor service() {
  auto descriptor =
      describe<GossipsubService>("gossipsub", "Publish and subscribe over a mesh of peers (libp2p gossipsub 1.2)")
          .operation<&GossipsubService::publish>("publish", "one message to all who subscribe to its topic")
          .operation<&GossipsubService::join>("subscribe", "joins a topic, for a time or for good")
          .operation<&GossipsubService::leave>("unsubscribe", "leaves a topic, for a time or for good");
  descriptor.needs = {"libp2p"};
  return descriptor;
}

}  // namespace ghostnet::gossipsub
