#include "ghostnet/tcp/time_wait.hpp"

namespace ghostnet::tcp {

TimeWait::TimeWait(TimePoint now, const Flow& flow, const Connection& connection, const Tuning& tuning)
    : Flow(flow),
      expires_at(saturating_add(now, tuning.time_wait)),
      snd_nxt_(connection.send_next()),
      rcv_nxt_(connection.receive_next()),
      ts_recent_(connection.timestamp_recent()),
      timestamp_offset_(connection.timestamp_offset()),
      window_(connection.window_field()),
      timestamps_(connection.agreed().timestamps),
      offers_timestamps_(tuning.timestamps) {
  waiting = true;
  listed = false;
}

TimeWait::Verdict TimeWait::judge(const Segment& segment) const {
  const SegmentHeader& header = segment.header;
  if (header.has(kRst)) return Verdict::ignore;  // RFC 1337 3: no assassination
  if (header.has(kSyn) && !header.has(kAck)) return begins_anew(header) ? Verdict::reopen : Verdict::answer;
  if (header.has(kSyn)) return Verdict::answer;
  // The FIN again, and no other: strangers could make the wait last for ever.
  if (header.has(kFin) && header.sequence + segment.length() == rcv_nxt_) return Verdict::renew;
  return segment.length() == 0 && header.sequence == rcv_nxt_ ? Verdict::ignore : Verdict::answer;
}

// RFC 6191 2
bool TimeWait::begins_anew(const SegmentHeader& syn) const {
  if (syn.has_timestamps && offers_timestamps_) {
    if (!timestamps_) return true;
    const auto later = static_cast<std::int32_t>(syn.timestamp - ts_recent_);
    if (later != 0) return later > 0;
  }
  return syn.sequence > rcv_nxt_;
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
