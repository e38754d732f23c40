// Two connections, one clock that is moved by hand, and a link each way: what the engine is tested with.
//
//   Pair pair({.forth = {.rate_bps = 10'000'000, .delay = 20ms}});
//   pair.client.sends(1'000'000);
//   EXPECT_TRUE(pair.run_until([&] { return pair.server.received == 1'000'000; }));
//
// Segments cross the link as bytes, with a checksum that is verified, so that corruption is found as it would be. Each
// side writes a pattern and checks the other's; an octet that is wrong or out of order is a failure of the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/link/link_model.hpp"
#include "ghostnet/tcp/checksum.hpp"
#include "ghostnet/tcp/connection.hpp"
#include "ghostnet/tcp/time_wait.hpp"

namespace ghostnet::tcp {

struct Wire {
  std::vector<std::uint8_t> bytes;
  Ecn ecn = Ecn::not_ect;
};

inline constexpr std::uint32_t kIpHeaderBytes = 20;

// What the user of one end does, and what he sees.
class Side {
 public:
  Side(const ConnectionSetup& setup, const Endpoint& here, const Endpoint& there, std::uint8_t salt)
      : connection(setup), here(here), there(there), salt_(salt) {}

  void sends(std::uint64_t bytes, bool then_finishes = true) {
    to_send += bytes;
    finishes = then_finishes;
  }
  void pump(TimePoint now, std::uint8_t peer_salt) {
    opened = opened || connection.state() != State::closed;
    if (!opened) return;
    std::array<std::uint8_t, 4096> buffer;
    while (sent < to_send) {
      std::size_t size = std::min<std::uint64_t>(buffer.size(), to_send - sent);
      for (std::size_t i = 0; i < size; ++i) buffer[i] = octet(sent + i, salt_);
      ByteView part(buffer.data(), size);
      Result<std::size_t> taken = connection.write(std::span(&part, 1));
      if (!taken) break;
      sent += *taken;
    }
    if (finishes && sent == to_send && connection.synchronized() && !shut) {
      shut = true;
      connection.shutdown(now);
    }
    while (reads && !ended) {
      std::size_t most = std::min<std::uint64_t>(buffer.size(), read_limit - std::min(read_limit, received));
      if (most == 0) break;
      Result<std::size_t> got = connection.read(now, MutableByteView(buffer.data(), most));
      if (!got) break;
      if (*got == 0) {
        ended = true;
        break;
      }
      for (std::size_t i = 0; i < *got && !wrong; ++i) wrong = buffer[i] != octet(received + i, peer_salt);
      received += *got;
    }
  }
  bool failed() const { return connection.failure().has_value(); }
  std::uint8_t salt() const { return salt_; }

  Connection connection;
  Endpoint here;
  Endpoint there;
  std::unique_ptr<TimeWait> time_wait;
  std::uint64_t to_send = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t read_limit = ~std::uint64_t{0};
  std::uint64_t segments = 0;
  bool opened = false;
  bool finishes = false;
  bool shut = false;
  bool reads = true;
  bool ended = false;  // the peer's stream
  bool wrong = false;  // what arrived was not what was sent
  bool lied = false;   // selectively acknowledged what it does not hold
  std::uint8_t seen_events = 0;

 private:
  static std::uint8_t octet(std::uint64_t at, std::uint8_t salt) {
    return static_cast<std::uint8_t>((at * 0x9e37'79b9'7f4a'7c15) >> 56 ^ salt);
  }
  std::uint8_t salt_;
};

struct PairOptions {
  link::LinkParams forth{.delay = 10ms};  // from the client
  link::LinkParams back{.delay = 10ms};
  Tuning client{};
  Tuning server{};
  StreamOptions client_stream{};
  StreamOptions server_stream{};
  std::uint16_t mss = 1460;
  std::uint64_t seed = 1;
  std::uint32_t super_bytes = 0;
  bool both_open = false;
  SeqNumber client_sequence{0xffff'f000};  // close to the wrap
  SeqNumber server_sequence{0x7fff'ff00};
};

class Pair {
 public:
  explicit Pair(PairOptions o = {})
      : options(std::move(o)),
        client({&options.client, options.client_sequence, 7, options.mss, options.client_stream}, kClient, kServer, 1),
        server({&options.server, options.server_sequence, 0xffff'0000, options.mss, options.server_stream}, kServer,
               kClient, 2),
        forth_(std::make_shared<link::LinkProfile>(link::LinkProfile::make(options.forth).value())),
        back_(std::make_shared<link::LinkProfile>(link::LinkProfile::make(options.back).value())),
        random_(Random::derive(options.seed, 0, "pair")) {
    client.connection.connect(now);
    if (options.both_open) {
      server.connection.connect(now);
      server_is_up_ = true;
    }
    flush(client);
    if (options.both_open) flush(server);
  }

  // One event: what arrives next, or the next deadline. False when there is none before `limit`.
  bool step(TimePoint limit = kNever) {
    TimePoint next = std::min({forth_.next_deadline(), back_.next_deadline(), deadline(client), deadline(server)});
    if (next == kNever || next > limit) return false;
    now = std::max(now, next);
    while (auto delivery = forth_.poll(now, random_)) arrive(server, *delivery);
    while (auto delivery = back_.poll(now, random_)) arrive(client, *delivery);
    for (Side* side : {&client, &server}) {
      if (deadline(*side) <= now) {
        if (side->time_wait) {
          side->time_wait.reset();
        } else {
          side->connection.on_deadline(now);
        }
      }
      work(*side);
    }
    return true;
  }
  template <class Done>
  bool run_until(Done done, Duration limit = 600s) {
    TimePoint end = now + limit;
    while (!done()) {
      if (!step(end)) break;
    }
    return done();
  }
  void run_for(Duration time) {
    TimePoint end = now + time;
    while (step(end)) {
    }
    now = end;
  }
  // Until nothing is under way and no deadline stands.
  bool run_to_rest(Duration limit = 3600s) {
    TimePoint end = now + limit;
    while (step(end)) {
    }
    return std::min({forth_.next_deadline(), back_.next_deadline(), deadline(client), deadline(server)}) == kNever;
  }
  void work(Side& side) {
    Side& other = &side == &client ? server : client;
    for (int i = 0; i < 3; ++i) {
      side.pump(now, other.salt());
      flush(side);
    }
  }
  // The links change while packets are under way.
  void set_links(const link::LinkParams& forth, const link::LinkParams& back) {
    for (auto [link, params] : {std::pair{&forth_, &forth}, std::pair{&back_, &back}}) {
      Result<> changed = link->change_profile(
          now, std::make_shared<link::LinkProfile>(link::LinkProfile::make(*params).value()), random_);
      ASSERT_TRUE(changed) << changed.error().message();
    }
  }

  const Endpoint kClient{IpAddress::v4(10, 0, 0, 1), 50'000};
  const Endpoint kServer{IpAddress::v4(10, 0, 0, 2), 80};

  PairOptions options;
  TimePoint now{1s};
  Side client;
  Side server;
  std::uint64_t bad_checksums = 0;

 private:
  using Link = link::LinkModel<Wire>;

  static TimePoint deadline(const Side& side) {
    return side.time_wait ? side.time_wait->expires_at : side.connection.next_deadline();
  }

  void flush(Side& side) {
    OutSegment out;
    while (!side.time_wait && side.connection.next_segment(now, out, options.super_bytes)) send(side, out);
    std::uint8_t events = side.connection.take_events();
    side.seen_events |= events;
    if (events & kTimeWait) {
      Flow flow{.local = side.here, .peer = side.there};
      const Tuning& tuning = &side == &client ? options.client : options.server;
      side.time_wait = std::make_unique<TimeWait>(now, flow, side.connection, tuning);
      side.connection.retire();
    }
  }

  // As a network card cuts super-packets.
  void send(Side& side, const OutSegment& out) {
    std::vector<std::uint8_t> payload;
    for (ByteView part : out.payload) payload.insert(payload.end(), part.begin(), part.end());
    std::size_t piece = out.segment_bytes != 0 ? out.segment_bytes : std::max<std::size_t>(payload.size(), 1);
    std::size_t at = 0;
    do {
      std::size_t size = std::min(piece, payload.size() - at);
      SegmentHeader header = out.header;
      header.sequence += static_cast<std::uint32_t>(at);
      if (at + size < payload.size()) header.flags &= static_cast<std::uint8_t>(~(kFin | kPsh));
      if (at != 0) header.flags &= static_cast<std::uint8_t>(~kCwr);
      transmit(side, header, ByteView(payload).subspan(at, size), out.ecn);
      at += size;
    } while (at < payload.size());
  }

  void transmit(Side& side, SegmentHeader header, ByteView payload, Ecn ecn) {
    ++side.segments;
    for (std::size_t i = 0; i < header.sack_count; ++i) {
      side.lied = side.lied || !side.connection.holds(header.sacks[i]);  // RFC 2018 8: what is kept, and stays
    }
    header.source_port = side.here.port();
    header.destination_port = side.there.port();
    Wire wire{std::vector<std::uint8_t>(header_bytes(header)), ecn};
    emit(header, wire.bytes.data());
    wire.bytes.insert(wire.bytes.end(), payload.begin(), payload.end());
    EXPECT_LE(wire.bytes.size(), options.mss + kBaseHeaderBytes) << "a segment fits the path";
    store_be(wire.bytes.data() + 16, segment_checksum(side.here.address(), side.there.address(), wire.bytes));
    link::PacketInfo info{.size_bytes = static_cast<std::uint32_t>(wire.bytes.size()) + kIpHeaderBytes,
                          .ecn_capable = ecn != Ecn::not_ect,
                          .flow_hash = 1};
    (&side == &client ? forth_ : back_).enqueue(now, std::move(wire), info, random_);
  }

  void arrive(Side& side, link::Delivery<Wire>& delivery) {
    Wire& wire = delivery.packet;
    if (delivery.ce_marked) wire.ecn = Ecn::ce;
    if (delivery.corrupt_bit != link::kNoBit && delivery.corrupt_bit / 8 >= kIpHeaderBytes) {
      std::uint32_t bit = delivery.corrupt_bit - kIpHeaderBytes * 8;
      wire.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    } else if (delivery.corrupt_bit != link::kNoBit) {
      return;  // the checksum of the IP header
    }
    std::uint16_t stated = load_be<std::uint16_t>(wire.bytes.data() + 16);
    if (segment_checksum(side.there.address(), side.here.address(), wire.bytes) != stated) {
      ++bad_checksums;
      return;
    }
    Result<Segment> segment = parse(wire.bytes);
    ASSERT_TRUE(segment) << segment.error().message();
    if (side.time_wait) {
      TimeWait::Verdict verdict = side.time_wait->judge(*segment);
      if (verdict == TimeWait::Verdict::renew || verdict == TimeWait::Verdict::answer) {
        transmit(side, side.time_wait->answer(now), {}, Ecn::not_ect);
      }
      return;
    }
    if (&side == &server && !server_is_up_) {
      if (!segment->header.has(kSyn)) return;
      server_is_up_ = true;
      side.connection.accept(now, segment->header, wire.ecn);
    } else {
      side.connection.on_segment(now, *segment, wire.ecn);
    }
    work(side);
  }

  Link forth_;
  Link back_;
  Random random_;
  bool server_is_up_ = false;
};

}  // namespace ghostnet::tcp
