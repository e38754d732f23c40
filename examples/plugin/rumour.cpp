// Rumour: whoever hears one for the first time passes it on to a few others. A protocol of about a hundred lines, from
// wire format to scenario, that ghostnet loads as a plug-in. docs/plugins.md walks through it.
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "ghostnet/runtime/plugin.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace rumour {

using namespace ghostnet;

// ---- what can be said about it, and what it measures ----

struct Options {
  std::uint16_t port = 7100;
  std::uint32_t fanout = 4;
  std::uint32_t max_known = 4096;

  static constexpr OptionDesc kOptions[] = {
      option<&Options::port>("port", "UDP port, the same on every host", at_least(1)),
      option<&Options::fanout>("fanout", "how many others each host tells", in(1, 64), unit("hosts")),
      option<&Options::max_known>("max_known", "rumours remembered; the oldest is forgotten first", in(1, 1'000'000),
                                  unit("rumours")),
  };
};

struct Tell {
  static constexpr std::array<OptionDesc, 0> kOptions{};
};

struct Metrics {
  Counter told;
  Counter heard;
  Counter repeats;
  Counter malformed;
  HistogramRef hops;

  static constexpr std::string_view kFamily = "rumour";
  static constexpr FamilyMetric<Metrics> kMetrics[] = {
      {&Metrics::told, "told", "rumours", "rumours begun"},
      {&Metrics::heard, "heard", "rumours", "rumours heard for the first time, on any host"},
      {&Metrics::repeats, "repeats", "messages", "messages with a rumour that was known"},
      {&Metrics::malformed, "malformed", "datagrams", "datagrams that are no rumour"},
      {&Metrics::hops, "hops", "hops", "of rumours heard: how many times they had been passed on"},
  };
};

// ---- wire: an identity and how far it has come ----

struct Message {
  std::uint64_t id = 0;
  std::uint8_t hops = 0;
};

Result<Message> parse(ByteView datagram) {
  ByteReader in(datagram);
  const Message message{.id = in.u64(), .hops = in.u8()};
  if (Result<> whole = in.finish("rumour"); !whole) return fail(std::move(whole));
  return message;
}

// ---- the service ----

class Rumour final : public Service {
 public:
  using Options = rumour::Options;
  using Metrics = rumour::Metrics;

  static Result<std::unique_ptr<Rumour>> start(const ServiceContext& context, Options options) {
    if (context.directory == nullptr)
      return fail(Errc::not_supported, "rumour: nobody here introduces hosts to each other");
    const Endpoint local(IpAddress::any(IpFamily::v4), options.port);
    Result<std::unique_ptr<UdpSocket>> socket = context.host.open_udp({.local = local});
    if (!socket) return fail(std::move(socket));
    return std::unique_ptr<Rumour>(new Rumour(context, options, std::move(*socket)));
  }

  // The operation that a workload asks for: begins a rumour.
  Task<Result<>> tell(const Tell&) {
    metrics_.told.add();
    const Message message{.id = host_.random().next_u64()};
    remember(message.id);
    pass_on(message);
    co_return Result<>();
  }

  Task<> stop(TimePoint) override {
    listening_.close();
    co_return;
  }

 private:
  Rumour(const ServiceContext& context, const Options& options, std::unique_ptr<UdpSocket> socket)
      : host_(context.host),
        directory_(*context.directory),
        options_(options),
        metrics_(host_.metrics().family<Metrics>()),
        socket_(std::move(socket)),
        listening_(host_.loop()) {
    listening_.spawn(listen());
  }

  Task<> listen() {
    while (true) {
      const Result<ReceivedDatagram> datagram = co_await socket_->recv();
      if (!datagram) {
        if (datagram.error() == Errc::closed) co_return;
        continue;
      }
      const Result<Message> message = parse(datagram->data.view());
      if (message)
        hear(*message);
      else
        metrics_.malformed.add();
    }
  }

  void hear(const Message& message) {
    if (!remember(message.id)) {
      metrics_.repeats.add();
      return;
    }
    metrics_.heard.add();
    metrics_.hops.record(std::uint64_t{message.hops});
    if (message.hops < UINT8_MAX) pass_on({message.id, static_cast<std::uint8_t>(message.hops + 1)});
  }

  // False when it was known.
  bool remember(std::uint64_t id) {
    if (!known_.insert(id).second) return false;
    by_age_.push_back(id);
    if (by_age_.size() > options_.max_known) {
      known_.erase(by_age_.front());
      by_age_.pop_front();
    }
    return true;
  }

  void pass_on(const Message& message) {
    std::array<std::uint8_t, 9> bytes;
    ByteWriter out(bytes);
    out.u64(message.id);
    out.u8(message.hops);
    for (std::uint32_t i = 0; i < options_.fanout; ++i) {
      const Peer peer = directory_.at(host_.random().below(directory_.size()));
      if (peer.id == host_.id()) continue;
      // What is lost is lost: that is what the others are for.
      static_cast<void>(socket_->send_to(Endpoint(peer.address, options_.port), out.written()));
    }
  }

  Host& host_;
  const Directory& directory_;
  Options options_;
  Metrics& metrics_;
  std::unique_ptr<UdpSocket> socket_;
  std::set<std::uint64_t> known_;
  std::deque<std::uint64_t> by_age_;
  Scope listening_;
};

Result<> add(ServiceRegistry& registry) {
  return registry.add(describe<Rumour>("rumour", "Spreads rumours: whoever hears one tells a few others")
                          .operation<&Rumour::tell>("tell", "begins a rumour"));
}

}  // namespace rumour

GHOSTNET_PLUGIN("rumour", "1.0", rumour::add)
