// The same losses for our TCP and for ns-3's: whether the n-th packet with data is lost is one draw of the seed,
// whoever sends it and whenever. Chance then takes nothing from one that it leaves the other, and a few pairs of runs
// tell what hundreds of single ones would. In both worlds they are lost where the wire ends.
#pragma once

#include <ns3/error-model.h>
#include <ns3/packet.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::bench {

class Losses {
 public:
  // Told the ordinal of each packet that is lost.
  using Tell = std::function<void(std::uint64_t ordinal)>;

  Losses(std::uint64_t seed, Probability loss, Tell tell = {})
      : random_(Random::derive(seed, 0, "losses")), loss_(loss), tell_(std::move(tell)) {}

  bool take(std::size_t packet_bytes) {
    if (packet_bytes < kDataBytes) return false;
    ++ordinal_;
    const bool lost = random_.chance(loss_);
    if (lost && tell_) tell_(ordinal_);
    return lost;
  }

 private:
  static constexpr std::size_t kDataBytes = 1000;  // smaller ones carry no data

  Random random_;
  Probability loss_;
  Tell tell_;
  std::uint64_t ordinal_ = 0;
};

// The end of a wire of ours. The link below outlives it.
class LossyEnd final : public IpLink {
 public:
  LossyEnd(IpLink& below, const Clock& clock, Losses losses)
      : below_(below), clock_(clock), losses_(std::move(losses)), scope_(clock.loop()) {
    scope_.spawn(receive());
  }
  ~LossyEnd() override { scope_.close(); }

  std::size_t mtu_bytes() const override { return below_.mtu_bytes(); }
  SendOutcome send(std::span<IpPacket> batch) override { return below_.send(batch); }
  Result<std::size_t> try_recv(std::span<IpPacket> batch) override {
    std::size_t taken = 0;
    while (taken < batch.size() && !arrived_.empty()) batch[taken++] = arrived_.pop_front();
    if (taken == 0) return fail(Errc::would_block);
    return taken;
  }

 protected:
  bool poll_readable() override { return !arrived_.empty(); }
  bool poll_writable() override { return true; }

 private:
  Task<> receive() {
    std::vector<IpPacket> batch(64);
    while (true) {
      const Result<std::size_t> count = co_await below_.recv(batch);
      if (!count) co_return;
      for (std::size_t i = 0; i < *count; ++i) {
        if (!losses_.take(batch[i].data.size())) arrived_.push_back(std::move(batch[i]));
      }
      if (!arrived_.empty()) reader_.wake(clock_.loop());
    }
  }

  IpLink& below_;
  const Clock& clock_;
  Losses losses_;
  Fifo<IpPacket> arrived_;
  Scope scope_;
};

// And of ns-3's.
class LossyReceiver final : public ns3::ErrorModel {
 public:
  explicit LossyReceiver(Losses losses) : losses_(std::move(losses)) {}

 private:
  bool DoCorrupt(ns3::Ptr<ns3::Packet> packet) override { return losses_.take(packet->GetSize()); }
  void DoReset() override {}

  Losses losses_;
};

}  // namespace ghostnet::bench
