#include "ghostnet/ip/tcp_watch.hpp"

namespace ghostnet::ip {

namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

TcpWatch::TcpWatch(Host& host, Duration interval, ByteSink trace)
    : host_(host), trace_(std::move(trace)), metrics_(host.metrics().family<TcpWatchMetrics>()), scope_(host.loop()) {
  scope_.spawn(run(interval));
}

Task<> TcpWatch::run(Duration interval) {
  while (true) {
    look();
    co_await host_.clock().sleep(interval);
  }
}

void TcpWatch::look() {
  const tcp::StackCounters& counters = host_.tcp().counters();
  metrics_.segments_sent.add(counters.segments_sent - seen_.segments_sent);
  metrics_.segments_received.add(counters.segments_received - seen_.segments_received);
  metrics_.resets_sent.add(counters.resets_sent - seen_.resets_sent);
  metrics_.opened.add(counters.opened - seen_.opened);
  seen_ = counters;
  std::int64_t in_flight_bytes = 0;
  const std::vector<tcp::ConnectionStatus> statuses = host_.tcp().statuses();
  for (const tcp::ConnectionStatus& status : statuses) {
    in_flight_bytes += status.in_flight_bytes;
    metrics_.window_bytes.record(status.window_bytes);
    if (status.smoothed_rtt != Duration{}) metrics_.smoothed_rtt.record(status.smoothed_rtt);
    if (trace_) write(status);
  }
  metrics_.connections.set(static_cast<std::int64_t>(statuses.size()));
  metrics_.time_waits.set(static_cast<std::int64_t>(host_.tcp().time_waits()));
  metrics_.in_flight_bytes.set(in_flight_bytes);
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

}  // namespace ghostnet::ip
