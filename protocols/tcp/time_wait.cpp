#include "ghostnet/tcp/time_wait.hpp"

namespace ghostnet::tcp {

TimeWait::TimeWait(TimePoint now, const Flow& flow, const Connection& connection, Duration lasts)
    : Flow(flow),
      expires_at(saturating_add(now, lasts)),
      snd_nxt_(connection.send_next()),
      rcv_nxt_(connection.receive_next()),
      ts_recent_(connection.timestamp_recent()),
      timestamp_offset_(connection.timestamp_offset()),
      window_(connection.window_field()),
      timestamps_(connection.agreed().timestamps) {
  waiting = true;
  listed = false;
}

TimeWait::Verdict TimeWait::judge(const Segment& segment) const {
  const SegmentHeader& header = segment.header;
  if (header.has(kRst)) return Verdict::ignore;  // RFC 1337 3: no assassination
  if (header.has(kSyn) && !header.has(kAck)) {
    bool newer = timestamps_ && header.has_timestamps ? static_cast<std::int32_t>(header.timestamp - ts_recent_) > 0
                                                      : header.sequence > rcv_nxt_;
    return newer ? Verdict::reopen : Verdict::answer;
  }
  if (header.has(kSyn)) return Verdict::answer;
  if (header.has(kFin)) return Verdict::renew;
  return segment.payload.empty() && header.sequence == rcv_nxt_ ? Verdict::ignore : Verdict::answer;
}

SegmentHeader TimeWait::answer(TimePoint now) const {
  SegmentHeader header;
  header.source_port = local.port();
  header.destination_port = peer.port();
  header.sequence = snd_nxt_;
  header.acknowledgment = rcv_nxt_;
  header.flags = kAck;
  header.window = window_;
  header.has_timestamps = timestamps_;
  header.timestamp = timestamp_offset_ + static_cast<std::uint32_t>(to_ns(now) / 1'000'000);
  header.timestamp_echo = ts_recent_;
  return header;
}

}  // namespace ghostnet::tcp
