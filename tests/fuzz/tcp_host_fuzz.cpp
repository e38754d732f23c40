// TCP of a whole host: it listens, it connects, its user reads, writes, shuts and drops, and four peers send it what
// peers send, or nearly that, or ICMP errors about it. Whatever comes, what the host sends are packets that fit, or
// fragments that make such a packet, its bounds hold, and once its user has let go of everything all of it comes to an
// end.
//
// An input is a script of one byte of operation and its arguments. At the end the states that were seen are printed,
// those of the stack (LISTEN, TIME-WAIT) among them; the corpus reaches all of them.
#include <string>

#include "coverage.hpp"
#include "ghostnet/ip/icmp.hpp"
#include "ghostnet/ip/reassembly.hpp"
#include "ghostnet/runtime/wire.hpp"
#include "ghostnet/tcp/checksum.hpp"
#include "small_host.hpp"

namespace {

using namespace ghostnet;
using namespace ghostnet::tcp;

constexpr std::uint16_t kPort = 7;
constexpr std::size_t kMtuBytes = 1500;
constexpr std::uint32_t kBacklog = 3;
constexpr std::size_t kMaxStreams = 8;

// CLOSED is not there to be seen.
fuzz::Coverage coverage("tcp of a host", {{"states",
                                           {"LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED", "FIN-WAIT-1",
                                            "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT"}}});

void require(bool condition) {
  if (!condition) std::abort();
}

IpPacket packet(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, ByteView payload) {
  ip::Header header;
  header.source = source;
  header.destination = destination;
  header.protocol = protocol;
  header.hop_limit = 64;
  const std::size_t header_bytes = ip::header_bytes_of(source.family());
  header.total_bytes = static_cast<std::uint32_t>(header_bytes + payload.size());
  IpPacket packet;
  packet.data = PacketBuf::with_room(0, header.total_bytes);
  ip::emit(header, packet.data.append(header_bytes));
  packet.data.append(payload);
  return packet;
}

// What a peer knows of the connection between it and the host.
struct Peer {
  Endpoint here;
  std::uint16_t host_port = kPort;
  SeqNumber next{1000};  // of its own
  SeqNumber host_next;   // the host's, as it has seen it
  std::uint32_t timestamp = 0;
  std::vector<std::uint8_t> heard;  // the last packet
};

Task<> dial(Host& host, Endpoint peer, std::vector<std::unique_ptr<Stream>>& streams) {
  Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
  if (stream && streams.size() < kMaxStreams) streams.push_back(std::move(*stream));
}

class Play {
 public:
  explicit Play(ByteReader& in) : in_(in), options_(in.u8()), small_({.tcp = tune(options_)}) {
    const bool v6 = (options_ & 1) != 0;
    const auto address = [v6](std::uint8_t last) {
      return v6 ? IpAddress::v6({0xfd00, 0, 0, 0, 0, 0, 0, last}) : IpAddress::v4(10, 0, 0, last);
    };
    host_ = address(1);
    for (std::uint16_t i = 0; i < 4; ++i) {
      peers_[i].here =
          Endpoint(address(static_cast<std::uint8_t>(2 + i / 2)), static_cast<std::uint16_t>(1000 + i % 2));
    }
    listener_ =
        std::move(*small_.host.listen({.local = Endpoint(IpAddress::any(IpFamily::v6), kPort), .backlog = kBacklog}));
    scope_ = std::make_unique<Scope>(small_.host.loop());
    settle();
  }

  void play() {
    for (int steps = 0; in_.more() && steps < 300; ++steps) {
      step(in_.u8());
      settle();
    }
    scope_.reset();
    streams_.clear();
    listener_.reset();
    small_.run(2h);
    require(small_.host.tcp().connections() == 0 && small_.host.tcp().time_waits() == 0);
  }

 private:
  static Tuning tune(std::uint8_t options) {
    Tuning tuning;
    tuning.sack = (options & 2) != 0;
    tuning.timestamps = (options & 4) != 0;
    tuning.ecn = (options & 8) != 0 ? EcnUse::request : EcnUse::accept;
    tuning.max_half_open = 4;
    tuning.max_time_wait = 3;
    tuning.max_connections = 12;
    return tuning;
  }

  void step(std::uint8_t operation) {
    Peer& peer = peers_[operation >> 4 & 3];
    switch (operation & 15) {
      case 0: small_.run(Duration(in_.u32())); break;
      case 1: small_.run(1s * (1 << in_.u8() % 8)); break;
      case 2:
        peer.host_port = kPort;
        give(peer, kSyn);
        break;
      case 3: give(peer, kAck); break;
      case 4: give(peer, kAck | kPsh, in_.u8()); break;
      case 5: give(peer, kAck | kFin); break;
      case 6: give(peer, kRst | kAck); break;
      case 7: give(peer, kSyn | kAck); break;
      case 8: accept(); break;
      case 9: scope_->spawn(dial(small_.host, peer.here, streams_)); break;
      case 10: write(in_.u8(), in_.u16()); break;
      case 11: read(in_.u8(), in_.u16()); break;
      case 12: shut(in_.u8()); break;
      case 13: drop(in_.u8()); break;
      case 14: complain(peer, in_.u8()); break;
      default: anything(peer); break;
    }
  }

  // ---- the user ----

  void accept() {
    Result<std::unique_ptr<Stream>> stream = listener_->try_accept();
    if (stream && streams_.size() < kMaxStreams) streams_.push_back(std::move(*stream));
  }
  Stream* pick(std::uint8_t number) { return streams_.empty() ? nullptr : streams_[number % streams_.size()].get(); }
  void write(std::uint8_t number, std::size_t bytes) {
    const std::vector<std::uint8_t> data(bytes);
    const ByteView view(data);
    if (Stream* stream = pick(number)) static_cast<void>(stream->try_write(std::span(&view, 1)));
  }
  void read(std::uint8_t number, std::size_t bytes) {
    std::vector<std::uint8_t> data(bytes);
    if (Stream* stream = pick(number)) static_cast<void>(stream->try_read(data));
  }
  void shut(std::uint8_t number) {
    if (Stream* stream = pick(number)) static_cast<void>(stream->shutdown_send());
  }
  void drop(std::uint8_t number) {
    if (streams_.empty()) return;
    if (number % 3 == 0) pick(number)->abort();
    streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(number % streams_.size()));
  }

  // ---- the peers ----

  SegmentHeader header(Peer& peer, std::uint8_t flags) {
    SegmentHeader h;
    h.source_port = peer.here.port();
    h.destination_port = peer.host_port;
    h.flags = flags;
    h.sequence = peer.next;
    h.acknowledgment = (flags & kAck) != 0 ? peer.host_next : SeqNumber();
    h.window = 0xffff;
    h.has_timestamps = (options_ & 4) != 0;
    h.timestamp = static_cast<std::uint32_t>(to_ns(small_.now()) / 1'000'000);
    h.timestamp_echo = peer.timestamp;
    if ((flags & kSyn) != 0) {
      h.mss = 1400;
      h.sack_permitted = (options_ & 2) != 0;
      h.window_scale = (options_ & 16) != 0 ? std::int8_t{5} : std::int8_t{-1};
    }
    return h;
  }
  void give(Peer& peer, std::uint8_t flags, std::size_t payload_bytes = 0) {
    send(peer, header(peer, flags), payload_bytes);
    peer.next += static_cast<std::uint32_t>(payload_bytes) + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
  }
  void anything(Peer& peer) {
    SegmentHeader h = header(peer, in_.u8());
    h.sequence += static_cast<std::uint32_t>(static_cast<std::int16_t>(in_.u16()));
    h.acknowledgment += static_cast<std::uint32_t>(static_cast<std::int16_t>(in_.u16()));
    h.window = in_.u16();
    h.timestamp += static_cast<std::uint32_t>(static_cast<std::int8_t>(in_.u8()));
    send(peer, h, in_.u8() * 4u);
  }
  void send(Peer& peer, const SegmentHeader& h, std::size_t payload_bytes) {
    std::vector<std::uint8_t> bytes(header_bytes(h));
    emit(h, bytes.data());
    bytes.resize(bytes.size() + payload_bytes);
    store_be(bytes.data() + 16, segment_checksum(peer.here.address(), host_, bytes));
    IpPacket sent = packet(peer.here.address(), host_, kProtocolNumber, bytes);
    static_cast<void>(small_.wire().send(std::span(&sent, 1)));
  }
  // An ICMP error about the last packet that this peer has got.
  void complain(const Peer& peer, std::uint8_t how) {
    if (peer.heard.empty()) return;
    constexpr ip::IcmpError kErrors[] = {ip::IcmpError::too_big, ip::IcmpError::port_unreachable,
                                         ip::IcmpError::host_unreachable};
    const ip::IcmpMessage message =
        ip::message_of(host_.family(), kErrors[how % 3], 68u + how * 8u, ByteView(peer.heard));
    std::vector<std::uint8_t> bytes(message.size_bytes());
    message.emit(peer.here.address(), host_, bytes);
    IpPacket sent = packet(peer.here.address(), host_, host_.is_v4() ? ip::kIcmp : ip::kIcmpv6, bytes);
    static_cast<void>(small_.wire().send(std::span(&sent, 1)));
  }

  // ---- what the host says ----

  void settle() {
    small_.run(Duration());
    std::vector<IpPacket> batch(64);
    std::size_t sum = 0;
    while (const Result<std::size_t> count = small_.wire().try_recv(batch)) {
      sum += *count;
      require(sum < 20'000);
      for (std::size_t i = 0; i < *count; ++i) arrive(std::move(batch[i]));
    }
    const Stack& stack = small_.host.tcp();
    require(stack.connections() <= stack.tuning().max_connections);
    require(stack.time_waits() <= stack.tuning().max_time_wait);
    coverage.see(0, "LISTEN");
    if (stack.time_waits() != 0) coverage.see(0, "TIME-WAIT");
    for (const ConnectionStatus& each : stack.statuses()) coverage.see(0, std::string(to_string(each.state)));
  }
  // A path that is told to carry less than a segment makes the host cut: then the pieces have to be a whole again.
  void arrive(IpPacket packet) {
    require(packet.data.view().size() <= kMtuBytes);
    const auto ip_header = ip::parse(packet.data.view());
    require(ip_header.has_value());
    if (!ip_header->is_fragment()) return hear(packet.data.view(), *ip_header);
    ip::Reassembler::Outcome outcome = reassembler_.add(small_.now(), *ip_header, std::move(packet));
    if (outcome.verdict == ip::Reassembler::Verdict::kept) return;
    require(outcome.verdict == ip::Reassembler::Verdict::complete);
    const auto whole = ip::parse(outcome.whole.data.view());
    require(whole && !whole->is_fragment());
    hear(outcome.whole.data.view(), *whole);
  }
  void hear(ByteView bytes, const ip::Header& ip_header) {
    if (ip_header.protocol != kProtocolNumber) return;
    const Result<Segment> segment = parse(bytes.subspan(ip_header.transport_at));
    require(segment.has_value());
    for (Peer& peer : peers_) {
      if (peer.here != Endpoint(ip_header.destination, segment->header.destination_port)) continue;
      peer.host_port = segment->header.source_port;
      peer.host_next = segment->header.sequence + segment->length();
      peer.timestamp = segment->header.timestamp;
      peer.heard.assign(bytes.begin(), bytes.end());
    }
  }

  ByteReader& in_;
  std::uint8_t options_;
  fuzz::SmallHost small_;
  IpAddress host_;
  std::array<Peer, 4> peers_;
  ip::Reassembler reassembler_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Stream>> streams_;
  std::unique_ptr<Scope> scope_;
};

}  // namespace

extern "C" int fuzz_missing() { return coverage.missing(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(ByteView(data, size));
  Play(in).play();
  return 0;
}
