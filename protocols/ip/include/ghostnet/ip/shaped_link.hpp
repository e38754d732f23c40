// ShapedLink: an IpLink as seen through LinkModels: rate, delay, loss, reordering and the rest of docs/link-model.md
// for what is sent, for what is received, or for both. In front of a TUN device it is a bad line to a real kernel; on
// the ends of a Pipe, a simulated wire.
//
// A wire carries packets, so super-packets are cut on their way in and none is taken; checksums are completed where
// bits may flip. A wire does not wait: what the link below refuses is lost. The link below outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/ip/cutting.hpp"
#include "ghostnet/link/link_model.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::ip {

struct ShapedLinkOptions {
  std::shared_ptr<const link::LinkProfile> outgoing{};  // null: as the link below is
  std::shared_ptr<const link::LinkProfile> incoming{};
  std::size_t queue_packets = 4096;  // that have arrived and wait to be received; more are lost
};

class ShapedLink final : public IpLink {
 public:
  ShapedLink(IpLink& below, const Clock& clock, const Random& random, const ShapedLinkOptions& options);
  ~ShapedLink() override;

  std::size_t mtu_bytes() const override;
  SendOutcome send(std::span<IpPacket> batch) override;
  Result<std::size_t> try_recv(std::span<IpPacket> batch) override;

  // Null where that direction is not shaped.
  const link::LinkCounters* outgoing_counters() const { return out_ ? &out_->model.counters() : nullptr; }
  const link::LinkCounters* incoming_counters() const { return in_ ? &in_->model.counters() : nullptr; }
  // Arrived, but the link below, or the queue to the reader, took no more.
  std::uint64_t lost_at_end() const { return lost_at_end_; }

 protected:
  bool poll_readable() override { return !arrived_.empty() || closed_; }
  bool poll_writable() override { return true; }

 private:
  struct CopyPacket {
    IpPacket operator()(const IpPacket& packet) const { return copy_of(packet); }
  };
  struct Direction {
    Direction(std::shared_ptr<const link::LinkProfile> profile, const Clock& clock)
        : model(std::move(profile)), timer(clock) {}
    link::LinkModel<IpPacket, CopyPacket> model;
    Timer timer;
    TimePoint armed_for = kNever;
  };

  static void arm(Direction& direction);
  void enter(Direction& direction, IpPacket packet);
  std::optional<IpPacket> leave(Direction& direction);
  void arrive(IpPacket packet);
  Task<> run_outgoing();
  Task<> run_incoming();
  Task<> receive();

  IpLink& below_;
  const Clock& clock_;
  Random random_;
  std::size_t queue_packets_;
  std::unique_ptr<Direction> out_;
  std::unique_ptr<Direction> in_;
  Fifo<IpPacket> arrived_;
  bool closed_ = false;
  std::uint64_t lost_at_end_ = 0;
  Scope scope_;
};

}  // namespace ghostnet::ip
