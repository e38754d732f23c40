#include "ghostnet/realnet/tun_port.hpp"

#include <array>
#include <utility>

#include "ghostnet/realnet/link_control.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kBatch = 32;
constexpr std::uint32_t kQueuePackets = 10'000;  // the network's links have queues of their own

// What of an IPv4 packet decides over its way (RFC 791 3.1).
struct Heading {
  static constexpr std::size_t kLeastBytes = 20;
  IpAddress to;
  std::uint32_t flow = 0;
  bool ecn_capable = false;

  static std::optional<Heading> of(ByteView packet) {
    if (packet.size() < kLeastBytes || packet[0] >> 4 != 4) return std::nullopt;
    Heading heading{
        .to = IpAddress::v4(load_be<std::uint32_t>(packet.data() + 16)),
        .flow = load_be<std::uint32_t>(packet.data() + 12) * 31 + load_be<std::uint32_t>(packet.data() + 16),
        .ecn_capable = (packet[1] & 3) != 0};
    const std::size_t header_bytes = std::size_t{packet[0] & 15U} * 4;
    if (packet.size() >= header_bytes + 4)
      heading.flow += load_be<std::uint32_t>(packet.data() + header_bytes);  // ports
    return heading;
  }
};

// Sets Congestion Experienced; the header's checksum follows (RFC 1624 3).
void mark_congestion(MutableByteView packet) {
  const auto old_word = load_be<std::uint16_t>(packet.data());
  packet[1] |= 3;
  const auto new_word = load_be<std::uint16_t>(packet.data());
  std::uint32_t sum = std::uint32_t{static_cast<std::uint16_t>(~load_be<std::uint16_t>(packet.data() + 10))} +
                      static_cast<std::uint16_t>(~old_word) + new_word;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  store_be<std::uint16_t>(packet.data() + 10, static_cast<std::uint16_t>(~sum));
}

}  // namespace

class TunPort::PacketParcel final : public Parcel {
 public:
  PacketParcel(LoopbackNetwork& network, IpAddress to, IpPacket packet)
      : network_(network), to_(to), packet_(std::move(packet)) {}

  void arrive(TimePoint, bool ce_marked) override {
    TunPort* const port = network_.port_of(to_);
    if (port == nullptr) return;
    if (ce_marked) mark_congestion(packet_.data.writable());
    static_cast<void>(port->tun_->send({&packet_, 1}));  // a device whose queue is full drops, as any other
  }
  std::unique_ptr<Parcel> copy() const override {
    IpPacket second;
    second.data = PacketBuf::copy_of(packet_.data.view());
    second.checksum = packet_.checksum;
    return std::make_unique<PacketParcel>(network_, to_, std::move(second));
  }
  std::string_view kind() const override {
    constexpr std::uint8_t kTcp = 6;
    return packet_.data.view()[9] == kTcp ? "segment" : "datagram";
  }

 private:
  LoopbackNetwork& network_;
  IpAddress to_;
  IpPacket packet_;
};

Result<std::unique_ptr<TunPort>> TunPort::open(World& world, LoopbackNetwork& network,
                                               std::shared_ptr<const NetworkNamespace> where, const Options& options) {
  {
    Result<NetworkNamespace::Visit> visit = NetworkNamespace::Visit::begin(where.get());
    if (!visit) return fail(std::move(visit));
    if (Result<> up = set_interface_up("lo", true); !up) return fail(std::move(up));
  }
  Result<std::unique_ptr<Tun>> tun = Tun::open(world, {.name = "eth0",
                                                       .addresses = {{options.address, options.prefix_bits}},
                                                       .routes = {},
                                                       .mtu_bytes = options.mtu_bytes,
                                                       .queue_packets = kQueuePackets,
                                                       .offload = false,
                                                       .where = std::move(where)});
  if (!tun) return fail(std::move(tun));
  return std::unique_ptr<TunPort>(new TunPort(world, network, std::move(*tun), options.address));
}

TunPort::TunPort(World& world, LoopbackNetwork& network, std::unique_ptr<Tun> tun, const IpAddress& address)
    : network_(network), tun_(std::move(tun)), address_(address), scope_(world.loop()) {
  network_.set_port(address_, this);
  scope_.spawn(read());
}

TunPort::~TunPort() {
  network_.set_port(address_, nullptr);
  scope_.close();
}

Task<> TunPort::read() {
  std::array<IpPacket, kBatch> batch;
  while (true) {
    const Result<std::size_t> got = co_await tun_->recv(batch);
    if (!got) co_return;
    for (std::size_t i = 0; i < *got; ++i) send(std::move(batch[i]));
  }
}

void TunPort::send(IpPacket packet) {
  const std::optional<Heading> heading = Heading::of(packet.data.view());
  if (!heading || !network_.carries(address_, heading->to)) return;
  const link::PacketInfo info{.size_bytes = static_cast<std::uint32_t>(packet.data.size()),
                              .ecn_capable = heading->ecn_capable,
                              .flow_hash = heading->flow};
  network_.send(address_, heading->to, std::make_unique<PacketParcel>(network_, heading->to, std::move(packet)), info);
}

}  // namespace ghostnet::realnet
