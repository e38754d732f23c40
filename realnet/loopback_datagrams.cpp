// Datagrams and handshakes through a LoopbackNetwork.
#include <algorithm>

#include "ghostnet/realnet/kernel_udp_socket.hpp"
#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::uint32_t kIpHeaderBytes = 20;
constexpr std::uint32_t kUdpHeaderBytes = 8;
constexpr std::uint32_t kSynBytes = 60;
// RFC 6298 2.1 and 5.5; as often as Linux asks (tcp_syn_retries).
constexpr Duration kFirstSynTimeout = 1s;
constexpr int kSynTries = 7;

}  // namespace

// Given to the kernel when it has come through.
class LoopbackNetwork::DatagramParcel final : public Parcel {
 public:
  DatagramParcel(LoopbackNetwork& network, Released datagram) : network_(network), datagram_(std::move(datagram)) {}

  void arrive(TimePoint, bool ce_marked) override {
    if (ce_marked) datagram_.datagram.ecn = Ecn::ce;
    network_.released_.push_back(std::move(datagram_));
  }
  std::unique_ptr<Parcel> copy() const override {
    Released second{datagram_.source, datagram_.datagram, PacketBuf::copy_of(datagram_.payload.view())};
    return std::make_unique<DatagramParcel>(network_, std::move(second));
  }
  std::string_view kind() const override { return "datagram"; }

 private:
  LoopbackNetwork& network_;
  Released datagram_;
};

namespace {

// A piece of a datagram, which is there when its last piece is (RFC 791 2.3).
class FragmentParcel final : public Parcel {
 public:
  struct Whole {
    std::unique_ptr<Parcel> parcel;
    std::uint32_t missing;
    bool ce_marked = false;
  };
  explicit FragmentParcel(std::shared_ptr<Whole> whole) : whole_(std::move(whole)) {}

  void arrive(TimePoint at, bool ce_marked) override {
    whole_->ce_marked |= ce_marked;
    if (--whole_->missing == 0) whole_->parcel->arrive(at, whole_->ce_marked);
  }
  std::string_view kind() const override { return whole_->parcel->kind(); }

 private:
  std::shared_ptr<Whole> whole_;
};

// Goes there, and back again.
class SynParcel final : public Parcel {
 public:
  struct Attempt {
    Attempt(LoopbackNetwork& network, IpAddress from, IpAddress to)
        : network(network), from(from), to(to), answered(network.world().loop()) {}
    LoopbackNetwork& network;
    IpAddress from;
    IpAddress to;
    Event answered;
  };
  SynParcel(std::shared_ptr<Attempt> attempt, bool answer) : attempt_(std::move(attempt)), answer_(answer) {}

  void arrive(TimePoint, bool) override {
    if (answer_) return attempt_->answered.set();
    attempt_->network.send(attempt_->to, attempt_->from, std::make_unique<SynParcel>(attempt_, true),
                           {.size_bytes = kSynBytes});
  }

 private:
  std::shared_ptr<Attempt> attempt_;
  bool answer_;
};

}  // namespace

void LoopbackNetwork::send_datagram(const Endpoint& source, const Endpoint& peer, const Datagram& like,
                                    ByteView payload) {
  Released kept{source, {.peer = peer, .hop_limit = like.hop_limit, .ecn = like.ecn}, PacketBuf::copy_of(payload)};
  auto parcel = std::make_unique<DatagramParcel>(*this, std::move(kept));
  const auto payload_bytes = static_cast<std::uint32_t>(payload.size());
  link::PacketInfo info{.size_bytes = payload_bytes + kUdpHeaderBytes + kIpHeaderBytes,
                        .ecn_capable = like.ecn != Ecn::not_ect,
                        .flow_hash = static_cast<std::uint32_t>(source.hash() ^ peer.hash() * 3)};
  const std::uint32_t mtu_bytes = this->mtu_bytes(source.address(), peer.address());
  const std::uint32_t piece_bytes = (mtu_bytes - std::min(mtu_bytes, kIpHeaderBytes)) / 8 * 8;
  if (info.size_bytes <= mtu_bytes || like.dont_fragment || piece_bytes == 0) {
    return send(source.address(), peer.address(), std::move(parcel), info);
  }
  std::uint32_t left_bytes = payload_bytes + kUdpHeaderBytes;
  auto whole = std::make_shared<FragmentParcel::Whole>(std::move(parcel), (left_bytes + piece_bytes - 1) / piece_bytes);
  while (left_bytes != 0) {
    const std::uint32_t now_bytes = std::min(left_bytes, piece_bytes);
    left_bytes -= now_bytes;
    info.size_bytes = now_bytes + kIpHeaderBytes;
    send(source.address(), peer.address(), std::make_unique<FragmentParcel>(whole), info);
  }
}

void LoopbackNetwork::remove_socket(const Endpoint& local, KernelUdpSocket& socket) {
  const auto [begin, end] = sockets_.equal_range(local);
  const auto found = std::find_if(begin, end, [&](const auto& entry) { return entry.second == &socket; });
  if (found != end) sockets_.erase(found);
}

// What came through together goes to the kernel together, one call for each run of one socket.
void LoopbackNetwork::release_all() {
  std::vector<Datagram> batch;
  for (std::size_t first = 0; first < released_.size(); first += batch.size()) {
    batch.clear();
    const Endpoint& source = released_[first].source;
    for (std::size_t i = first; i < released_.size() && released_[i].source == source; ++i) {
      batch.push_back(released_[i].datagram);
      batch.back().payload = released_[i].payload.view();
    }
    release(source, batch);
  }
  released_.clear();
}

void LoopbackNetwork::release(const Endpoint& source, std::span<const Datagram> batch) {
  if (const auto held = sockets_.find(source); held != sockets_.end()) {
    held->second->release(batch);
    return;
  }
  if (auto momentary = KernelUdpSocket::open(world_, {.local = source})) (*momentary)->send(batch);
}

Task<Result<>> LoopbackNetwork::shake_hands(IpAddress from, IpAddress to) {
  const auto attempt = std::make_shared<SynParcel::Attempt>(*this, from, to);
  Duration patience = kFirstSynTimeout;
  for (int tries = 0; tries < kSynTries; ++tries, patience *= 2) {
    send(from, to, std::make_unique<SynParcel>(attempt, false), {.size_bytes = kSynBytes});
    auto outcome = co_await first_of(attempt->answered, world_.clock().sleep(patience));
    if (outcome.index() == 0) co_return {};
  }
  co_return fail(Errc::timed_out, "connecting from {} to {}: no answer came through", from, to);
}

}  // namespace ghostnet::realnet
