// TCP: a segment either fails to parse or is written as something that parses to the same. A connection survives any
// sequence of segments, times and wishes of its user: what it counts agrees with what it counts, what it sends is a
// segment that fits, it never sends without end at one instant, and it comes to rest when it is aborted.
//
// An input is a script of one byte of operation and its arguments. At the end, the states and the ways between them
// that were seen are printed; the corpus reaches all of them.
#include <cstdlib>
#include <string>
#include <vector>

#include "coverage.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "ghostnet/tcp/connection.hpp"
#include "ghostnet/tcp/time_wait.hpp"

namespace {

using namespace ghostnet;
using namespace ghostnet::tcp;

constexpr std::uint16_t kMss = 1000;

// RFC 9293 3.3.2, figure 5, and the ways out of each state by a reset or a peer that is silent. LISTEN is a stack's.
fuzz::Coverage coverage(
    "tcp", {{"states",
             {"CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING",
              "LAST-ACK", "TIME-WAIT"}},
            {"ways between them",
             {"CLOSED>SYN-SENT",        "CLOSED>SYN-RECEIVED",      "SYN-SENT>SYN-RECEIVED",   "SYN-SENT>ESTABLISHED",
              "SYN-SENT>CLOSED",        "SYN-RECEIVED>ESTABLISHED", "SYN-RECEIVED>CLOSE-WAIT", "SYN-RECEIVED>CLOSED",
              "ESTABLISHED>FIN-WAIT-1", "ESTABLISHED>CLOSE-WAIT",   "ESTABLISHED>CLOSED",      "FIN-WAIT-1>FIN-WAIT-2",
              "FIN-WAIT-1>CLOSING",     "FIN-WAIT-1>TIME-WAIT",     "FIN-WAIT-1>CLOSED",       "FIN-WAIT-2>TIME-WAIT",
              "FIN-WAIT-2>CLOSED",      "CLOSE-WAIT>LAST-ACK",      "CLOSE-WAIT>CLOSED",       "CLOSING>TIME-WAIT",
              "CLOSING>CLOSED",         "LAST-ACK>CLOSED"}}});

void require(bool condition) {
  if (!condition) std::abort();
}

void check_wire(ByteView bytes) {
  Result<Segment> segment = parse(bytes);
  if (!segment) return;
  require(segment->payload.size() <= bytes.size());
  SegmentHeader header = segment->header;
  if (header.multipath.size() > 18) header.multipath = {};
  std::size_t room = sack_room(header);
  if (header.sack_count > room) header.sack_count = static_cast<std::uint8_t>(room);
  if (header_bytes(header) > kMaxHeaderBytes) return;
  std::vector<std::uint8_t> again(header_bytes(header));
  emit(header, again.data());
  Result<Segment> read = parse(again);
  require(read.has_value() && read->payload.empty());
  require(read->header.sequence == header.sequence && read->header.flags == header.flags);
  require(read->header.mss == header.mss && read->header.window_scale == header.window_scale);
  require(read->header.has_timestamps == header.has_timestamps && read->header.sack_count == header.sack_count);
  require(equal(read->header.multipath, header.multipath));
}

class Run {
 public:
  explicit Run(ByteReader& in)
      : in_(in),
        options_(in.u8()),
        tuning_(tune(options_)),
        connection_({&tuning_, SeqNumber(in.u32()), 5, kMss, stream()}) {
    if (options_ & 0x40) {
      connection_.connect(now_);
    } else {
      SegmentHeader syn = header(kSyn);
      syn.mss = in.u16();
      syn.sack_permitted = (options_ & 1) != 0;
      syn.has_timestamps = (options_ & 2) != 0;
      syn.window_scale = static_cast<std::int8_t>(in.u8() % 16);
      syn.flags |= (options_ & 8) != 0 ? kEce | kCwr : 0;
      connection_.accept(now_, syn, Ecn::not_ect);
      theirs_ = syn.sequence + 1;
    }
    settle();
  }

  void play() {
    for (int steps = 0; in_.more() && steps < 400; ++steps) {
      step(in_.u8());
      settle();
    }
    connection_.abort();
    settle();
    require(connection_.finished() && connection_.next_deadline() == kNever);
  }

 private:
  static Tuning tune(std::uint8_t options) {
    Tuning tuning;
    tuning.sack = (options & 1) != 0;
    tuning.timestamps = (options & 2) != 0;
    tuning.congestion = options & 4 ? &kNewReno : &kCubic;
    tuning.ecn = options & 8 ? EcnUse::request : EcnUse::off;
    tuning.pacing = (options & 16) != 0 ? Pacing::always : Pacing::slow_start;
    return tuning;
  }
  StreamOptions stream() const {
    StreamOptions options;
    options.no_delay = (options_ & 32) == 0;
    if (options_ & 0x80) options.receive_buffer_bytes = 3000;
    if (options_ & 0x10) options.keepalive_idle = 30s;
    return options;
  }

  SegmentHeader header(std::uint8_t flags) {
    SegmentHeader h;
    h.flags = flags;
    h.sequence = theirs_;
    h.acknowledgment = connection_.send_next();
    h.window = 0xffff;
    h.has_timestamps = (options_ & 2) != 0;
    h.timestamp = static_cast<std::uint32_t>(to_ns(now_) / 1'000'000);
    h.timestamp_echo = h.timestamp + 5;
    return h;
  }

  void step(std::uint8_t operation) {
    switch (operation % 16) {
      case 0: now_ += Duration(in_.u32()); break;
      case 1: now_ = std::max(now_, std::min(connection_.next_deadline(), now_ + 1h)); break;
      case 2: write(in_.u16()); break;
      case 3: read(in_.u16()); break;
      case 4: connection_.shutdown(now_); break;
      case 5:
        if (in_.u8() == 0) connection_.orphan(now_);
        break;
      case 6: connection_.on_path_mss(now_, connection_.send_unacknowledged(), in_.u16()); break;
      case 7: likely(kAck, 0, 0); break;
      case 8: likely(kAck | kPsh, in_.u8(), 0); break;
      case 9: likely(kAck | kFin, 0, 0); break;
      case 10: likely(kAck, 0, in_.u8()); break;
      case 11: likely(kSyn | kAck, 0, 0); break;
      case 12: sacks(); break;
      default: anything(); break;
    }
  }

  // What a peer would send: in order, and acknowledging all but so many of what was sent.
  void likely(std::uint8_t flags, std::uint32_t payload_bytes, std::uint32_t behind) {
    SegmentHeader h = header(flags);
    std::uint32_t outstanding = connection_.outstanding_bytes();
    h.acknowledgment = connection_.send_next() - std::min(outstanding, behind * 100);
    if (flags & kSyn) {
      h.sequence = theirs_ = SeqNumber(in_.u32());
      h.mss = 1000;
      h.sack_permitted = (options_ & 1) != 0;
      h.window_scale = 3;
      theirs_ += 1;
    }
    give(h, payload_bytes);
    theirs_ += payload_bytes + ((flags & kFin) != 0 ? 1 : 0);
  }
  void sacks() {
    SegmentHeader h = header(kAck);
    h.acknowledgment = connection_.send_unacknowledged();
    h.sack_count = static_cast<std::uint8_t>(1 + in_.peek_u8() % 3);
    for (std::size_t i = 0; i < h.sack_count; ++i) {
      h.sacks[i].left = h.acknowledgment + in_.u8() * 100u;
      h.sacks[i].right = h.sacks[i].left + in_.u8() * 100u;
    }
    give(h, 0);
  }
  void anything() {
    SegmentHeader h = header(in_.u8());
    h.sequence = theirs_ + static_cast<std::uint32_t>(static_cast<std::int16_t>(in_.u16()));
    h.acknowledgment = connection_.send_next() + static_cast<std::uint32_t>(static_cast<std::int16_t>(in_.u16()));
    h.window = in_.u16();
    h.timestamp += static_cast<std::uint32_t>(static_cast<std::int8_t>(in_.u8()));
    h.timestamp_echo = in_.u16();
    h.has_timestamps = in_.u8() % 8 != 0;
    give(h, in_.u8() * 8u);
  }
  void give(const SegmentHeader& h, std::uint32_t payload_bytes) {
    static constexpr std::uint8_t kBytes[4096] = {};
    connection_.on_segment(now_, {h, ByteView(kBytes).first(payload_bytes)},
                           in_.peek_u8() % 4 == 3 ? Ecn::ce : Ecn::ect0);
    theirs_ = later(theirs_, connection_.receive_next());
  }
  void write(std::size_t bytes) {
    std::vector<std::uint8_t> data(bytes);
    ByteView view(data);
    (void)connection_.write(std::span(&view, 1));
  }
  void read(std::size_t bytes) {
    std::vector<std::uint8_t> data(bytes);
    (void)connection_.read(now_, data);
  }

  // As a driver does.
  void settle() {
    note();
    if (connection_.next_deadline() <= now_) connection_.on_deadline(now_);
    note();
    OutSegment out;
    for (int sent = 0; connection_.next_segment(now_, out, options_ & 4 ? 30'000u : 0u); ++sent) {
      require(sent < 20'000);
      require(header_bytes(out.header) <= kMaxHeaderBytes);
      std::uint32_t piece = out.segment_bytes != 0 ? out.segment_bytes : out.payload_bytes;
      require(piece + header_bytes(out.header) <= kMss + kBaseHeaderBytes || out.payload_bytes == 0);
      require(out.payload[0].size() + out.payload[1].size() == out.payload_bytes);
      for (std::size_t i = 0; i < out.header.sack_count; ++i) require(connection_.holds(out.header.sacks[i]));
      for (ByteView part : out.payload) {
        for (std::uint8_t byte : part) sum_ += byte;  // it is there
      }
      require(connection_.consistent());
    }
    note();
    (void)connection_.take_events();
    require(connection_.consistent());
    require(connection_.in_flight_bytes() <= connection_.outstanding_bytes());
  }
  void note() {
    const State state = connection_.state();
    if (state == last_) return;
    const std::string name(to_string(state));
    coverage.see(0, name);
    coverage.see(1, std::string(to_string(last_)) + ">" + name);
    last_ = state;
  }

  ByteReader& in_;
  std::uint8_t options_;
  Tuning tuning_;
  TimePoint now_{1s};
  SeqNumber theirs_{1000};
  Connection connection_;
  State last_ = State::closed;
  std::uint64_t sum_ = 0;
};

}  // namespace

extern "C" int fuzz_missing() { return coverage.missing(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_wire(ByteView(data, size));
  ByteReader in(ByteView(data, size));
  Run(in).play();
  return 0;
}
