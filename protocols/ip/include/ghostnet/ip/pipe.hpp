// Pipe: two IpLinks in memory: what is sent into one comes out of the other, whole, in order, within the same instant.
// The simplest wire there is; put a ShapedLink (shaped_link.hpp) on an end for a real one.
//
// Each direction holds a bounded number of packets; beyond it send() says would_block. The ends live as long as the
// Pipe; when either is closed, both are.
#pragma once

#include <cstdint>

#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/loop.hpp"

namespace ghostnet::ip {

struct PipeOptions {
  std::size_t mtu_bytes = 1500;
  std::size_t max_segmented_bytes = 0;  // 0: the MTU; else super-packets of up to this pass
  std::size_t queue_packets = 1024;
};

class Pipe {
 public:
  explicit Pipe(Loop& loop, const PipeOptions& options = {}) : a_(loop, options, b_), b_(loop, options, a_) {}

  IpLink& a() { return a_; }
  IpLink& b() { return b_; }
  // Readers are told that it is closed, once they have what was sent before.
  void close();

 private:
  class End final : public IpLink {
   public:
    End(Loop& loop, const PipeOptions& options, End& other) : loop_(loop), options_(options), other_(other) {}

    std::size_t mtu_bytes() const override { return options_.mtu_bytes; }
    std::size_t max_segmented_bytes() const override {
      return options_.max_segmented_bytes != 0 ? options_.max_segmented_bytes : options_.mtu_bytes;
    }
    SendOutcome send(std::span<IpPacket> batch) override;
    Result<std::size_t> try_recv(std::span<IpPacket> batch) override;
    void close();

   protected:
    bool poll_readable() override { return !arrived_.empty() || closed_; }
    bool poll_writable() override { return other_.arrived_.size() < options_.queue_packets || closed_; }

   private:
    Loop& loop_;
    PipeOptions options_;
    End& other_;
    Fifo<IpPacket> arrived_;
    bool closed_ = false;
  };

  End a_;
  End b_;
};

}  // namespace ghostnet::ip
