// A script: segments go in, segments come out, at times of our choosing: how the corners of the RFCs are tested.
//
//   Script script;
//   script.establish();
//   script.in(kAck, 1, 1, "hello");            // flags, sequence and acknowledgment counted from each side's SYN
//   EXPECT_EQ(script.out(), "ACK 1:1 ack 6");
//
// The peer's initial sequence number is 1,000,000 and ours 5,000; scripts count from them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ghostnet/tcp/connection.hpp"

namespace ghostnet::tcp {

class Script {
 public:
  static constexpr std::uint32_t kOurs = 5'000;
  static constexpr std::uint32_t kTheirs = 1'000'000;

  explicit Script(const Tuning& t = plain(), const StreamOptions& stream = {})
      : tuning(t), connection({&tuning, SeqNumber(kOurs), 0, 1000, stream}) {}

  // Without timestamps, so that segments are written shortly, and with acknowledgments at once where asked for.
  static Tuning plain() { return {.timestamps = false, .delayed_ack = 40ms}; }

  SegmentHeader header(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment) const {
    SegmentHeader h;
    h.flags = flags;
    h.sequence = SeqNumber(kTheirs) + sequence;
    h.acknowledgment = SeqNumber(kOurs) + acknowledgment;
    h.window = window;
    return h;
  }
  void in(const SegmentHeader& h, std::string_view payload = {}, Ecn ecn = Ecn::not_ect) {
    connection.on_segment(now, {h, as_bytes(payload)}, ecn);
  }
  void in(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgment, std::string_view payload = {}) {
    in(header(flags, sequence, acknowledgment), payload);
  }

  // The passive side of a handshake, options as tuned.
  void establish() {
    SegmentHeader syn = header(kSyn, 0, 0);
    syn.mss = 1000;
    syn.sack_permitted = true;
    syn.window_scale = 0;
    syn.has_timestamps = tuning.timestamps;
    syn.timestamp = 1;
    if (tuning.ecn != EcnUse::off) syn.flags |= kEce | kCwr;
    connection.accept(now, syn, Ecn::not_ect);
    (void)drain();
    now += 50ms;
    SegmentHeader ack = header(kAck, 1, 1);
    ack.has_timestamps = tuning.timestamps;
    ack.timestamp = 1;
    in(ack);
    (void)drain();
    EXPECT_EQ(connection.state(), State::established);
    (void)connection.take_events();
  }

  std::vector<OutSegment> drain() {
    std::vector<OutSegment> all;
    OutSegment segment;
    while (connection.next_segment(now, segment)) all.push_back(segment);
    return all;
  }
  // What is sent now, one segment a line: "SYN ACK 0:0 ack 1 sack 5-9".
  std::string out() { return describe(drain()); }
  static std::string describe(const std::vector<OutSegment>& segments) {
    std::string text;
    for (const OutSegment& segment : segments) {
      if (!text.empty()) text += "\n";
      text += describe(segment);
    }
    return text;
  }
  static std::string describe(const OutSegment& segment) {
    const SegmentHeader& h = segment.header;
    std::string text;
    constexpr std::pair<std::uint8_t, const char*> kNames[] = {
        {kSyn, "SYN "}, {kFin, "FIN "}, {kRst, "RST "}, {kEce, "ECE "}, {kCwr, "CWR "}};
    for (auto [flag, name] : kNames) {
      if (h.has(flag)) text += name;
    }
    std::uint32_t start = h.sequence.value() - kOurs;
    text += fmt::format("{}:{}", static_cast<std::int32_t>(start),
                        static_cast<std::int32_t>(start + segment.payload_bytes));
    if (h.has(kAck)) text += fmt::format(" ack {}", h.acknowledgment.value() - kTheirs);
    for (std::size_t i = 0; i < h.sack_count; ++i) {
      text += fmt::format(" sack {}-{}", h.sacks[i].left.value() - kTheirs, h.sacks[i].right.value() - kTheirs);
    }
    return text;
  }
  void after(Duration time) {
    TimePoint end = now + time;
    while (connection.next_deadline() <= end) {
      now = std::max(now, connection.next_deadline());
      connection.on_deadline(now);
      if (connection.wants_to_send() || connection.next_deadline() <= now) return;
    }
    now = end;
  }
  // So many bytes are written, and this is sent.
  std::vector<OutSegment> send(std::size_t bytes) {
    const std::vector<std::uint8_t> data(bytes, 'x');
    const ByteView view(data);
    EXPECT_TRUE(connection.write(std::span(&view, 1)));
    return drain();
  }
  std::string write(std::size_t bytes) { return describe(send(bytes)); }
  std::string read() {
    std::array<std::uint8_t, 4096> buffer;
    Result<std::size_t> got = connection.read(now, buffer);
    if (!got) return std::string(to_string(got.error().code()));
    return std::string(as_text(ByteView(buffer).first(*got)));
  }

  Tuning tuning;
  TimePoint now{10s};
  std::uint16_t window = 60'000;
  Connection connection;
};

}  // namespace ghostnet::tcp
