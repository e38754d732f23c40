#include "ghostnet/beacon/service.hpp"

namespace ghostnet::beacon {

namespace {

// After so many datagrams in one go, others get their turn.
constexpr std::size_t kMaxDatagramsPerTurn = 256;

}  // namespace

Result<> BeaconOptions::validate() const {
  if (group.is_multicast()) return {};
  return fail(Errc::invalid_argument, "group: {} is no multicast group; expected one as 239.255.77.1 or ff02::114",
              group);
}

Result<std::unique_ptr<BeaconService>> BeaconService::start(const ServiceContext& context, BeaconOptions options) {
  if (Result<> valid = options.validate(); !valid) return fail(std::move(valid));
  std::unique_ptr<BeaconService> service(new BeaconService(context.host, options));
  if (Result<> opened = service->open(); !opened) return fail(opened.error().while_doing("beacon"));
  service->listening_.spawn(service->listen());
  return service;
}

BeaconService::BeaconService(Host& host, const BeaconOptions& options)
    : host_(host),
      options_(options),
      metrics_(host.metrics().family<BeaconMetrics>()),
      audience_(options.max_senders),
      epoch_(host.random().next_u64()),
      listening_(host.loop()) {}

BeaconService::~BeaconService() { metrics_.senders.sub(static_cast<std::int64_t>(audience_.senders())); }

Result<> BeaconService::open() {
  for (const Interface& interface : host_.interfaces()) {
    if (interface.multicast && interface.up) interfaces_.push_back(interface.index);
  }
  if (interfaces_.empty()) {
    return fail(Errc::not_supported, "{} has no interface with multicast; hosts on a LAN have", host_.name());
  }
  Result<std::unique_ptr<UdpSocket>> socket =
      host_.open_udp({.local = Endpoint(IpAddress::any(options_.group.family()), options_.port),
                      .reuse_address = true,
                      .offload = false,
                      .multicast_hop_limit = options_.hop_limit,
                      .multicast_loop = false});
  if (!socket) return fail(std::move(socket));
  socket_ = std::move(*socket);
  for (const InterfaceIndex interface : interfaces_) {
    if (Result<> joined = socket_->join(options_.group, interface); !joined) return joined;
  }
  return {};
}

Task<Result<>> BeaconService::announce(const BeaconRequest& request) {
  if (!socket_) co_return fail(Errc::closed, "beacon: it was stopped");
  const Message message{.epoch = epoch_,
                        .sequence = sequence_++,
                        .padding_bytes = static_cast<std::size_t>(request.size.bytes) - Message::kHeaderBytes};
  PacketBuf packet = PacketBuf::with_room(0, message.size_bytes());
  ByteWriter out(packet);
  emit(message, out);
  if (Result<> written = out.finish("beacon"); !written) co_return written;
  Result<> all;
  for (const InterfaceIndex interface : interfaces_) {
    const Datagram datagram{
        .peer = Endpoint(options_.group, options_.port), .payload = packet.view(), .interface = interface};
    const SendOutcome outcome = socket_->send(std::span(&datagram, 1));
    (outcome.accepted == 1 ? metrics_.announced : metrics_.unsent).add();
    if (outcome.accepted != 1 && all) all = fail(outcome.error.value_or(Errc::would_block));
  }
  co_return all;
}

Task<> BeaconService::listen() {
  std::size_t in_a_row = 0;
  while (true) {
    const Result<ReceivedDatagram> datagram = co_await socket_->recv();
    if (datagram)
      hear(*datagram);
    else if (datagram.error() == Errc::closed)
      co_return;
    if (++in_a_row % kMaxDatagramsPerTurn == 0) co_await host_.clock().sleep(0ns);
  }
}

void BeaconService::hear(const ReceivedDatagram& datagram) {
  const Result<Message> message = parse(datagram.data.view());
  if (!message || !datagram.local.is_multicast()) {
    metrics_.malformed.add();
    return;
  }
  const std::size_t before = audience_.senders();
  const Audience::Heard heard = audience_.on_beacon(datagram.peer, *message);
  metrics_.senders.add(static_cast<std::int64_t>(audience_.senders() - before));
  metrics_.heard.add();
  metrics_.heard_bytes.add(datagram.data.size());
  metrics_.missed.add(heard.missed);
  if (heard.kind == Audience::Heard::Kind::late) metrics_.late.add();
  if (heard.kind == Audience::Heard::Kind::ignored) metrics_.ignored.add();
}

Task<> BeaconService::stop(TimePoint) {
  listening_.close();
  socket_.reset();
  co_return;
}

ServiceDescriptor service() {
  return describe<BeaconService>("beacon", "Announces a host to a multicast group and listens to the others")
      .operation<&BeaconService::announce>("announce", "one beacon to the group");
}

}  // namespace ghostnet::beacon
