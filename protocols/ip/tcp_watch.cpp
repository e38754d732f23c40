#include "ghostnet/ip/tcp_watch.hpp"

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::ip {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

TcpWatch::TcpWatch(Host& host, Duration interval, ByteSink trace)
    : host_(host), trace_(std::move(trace)), scope_(host.loop()) {
  scope_.spawn(run(interval));
}

Task<> TcpWatch::run(Duration interval) {
  while (true) {
    look();
    co_await host_.clock().sleep(interval);
  }
}

void TcpWatch::look() {
  if (!trace_) return;
  for (const tcp::ConnectionStatus& status : host_.tcp().statuses()) {
    if (trace_) write(status);
  }
}

void TcpWatch::write(const tcp::ConnectionStatus& status) {
  const std::string line = fmt::format(
      "{{\"t\": {:.9f}, \"local\": \"{}\", \"peer\": \"{}\", \"state\": \"{}\", \"cwnd\": {}, \"ssthresh\": {}, "
      "\"in_flight\": {}, \"unsent\": {}, \"srtt\": {:.9f}, \"retransmitted\": {}, \"timeouts\": {}}}\n",
      seconds(host_.now().time_since_epoch()), status.local, status.peer, tcp::to_string(status.state),
      status.window_bytes, status.threshold_bytes, status.in_flight_bytes, status.unsent_bytes,
      seconds(status.smoothed_rtt), status.counters.retransmitted, status.counters.timeouts);
  if (!trace_(as_bytes(line))) trace_ = nullptr;
}

std::string describe_connection_of(const Host& host, const IpPacket& sent) {
  const ByteView packet = sent.data.view();
  const std::expected<Header, Unusable> header = parse(packet);
  if (!header || header->protocol != kTcp || transport_payload_at(packet, *header) == 0) return {};
  const std::uint8_t* const ports = packet.data() + header->transport_at;
  const Endpoint local(header->source, load_be<std::uint16_t>(ports));
  const Endpoint peer(header->destination, load_be<std::uint16_t>(ports + 2));
  const std::optional<tcp::ConnectionStatus> status = host.tcp().status(local, peer);
  return status ? tcp::describe(*status) : std::string();
}

}  // namespace ghostnet::ip
