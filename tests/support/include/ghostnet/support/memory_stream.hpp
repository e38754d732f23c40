// MemoryStream: the two joined ends of a stream in memory, with bounded buffers and a latency.
//
// It behaves as a stream of a real world does: an end destroyed without shutdown_send() resets the other, one destroyed
// after it lets what it sent be read, and writing to an end that is gone is answered by a reset. Either end may be
// destroyed first. The courier outlives both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/support/courier.hpp"

namespace ghostnet::support {

class MemoryStream final : public Stream {
 public:
  struct Options {
    Endpoint client{};
    Endpoint server{};
    std::size_t buffer_bytes = 64 * 1024;  // of each direction, what is under way included
  };
  using Pair = std::pair<std::unique_ptr<MemoryStream>, std::unique_ptr<MemoryStream>>;  // client, server

  static Pair make_pair(Courier& courier, const Options& options);
  static Pair make_pair(Courier& courier) { return make_pair(courier, Options{}); }

  ~MemoryStream() override;

  Endpoint local() const override { return local_; }
  Endpoint peer() const override { return peer_; }
  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override;
  void abort() override;

 protected:
  Loop& loop() override { return wire_->courier.loop(); }

 private:
  // What one end knows and has received.
  struct End {
    MemoryStream* stream = nullptr;  // null once destroyed
    std::deque<std::uint8_t> received;
    std::size_t under_way_bytes = 0;  // to this end
    bool finished = false;            // the other end sends no more
    bool reset = false;               // the other end aborted
    bool peer_gone = false;           // the other end is destroyed: nobody reads what is written
  };
  struct Wire {
    Courier& courier;
    std::size_t buffer_bytes;
    End ends[2];
  };

  MemoryStream(std::shared_ptr<Wire> wire, int side, const Endpoint& local, const Endpoint& peer);

  End& own() const { return wire_->ends[side_]; }
  End& other() const { return wire_->ends[1 - side_]; }
  static void wake(End& end);

  std::shared_ptr<Wire> wire_;
  int side_;
  Endpoint local_;
  Endpoint peer_;
  bool shut_ = false;
  bool aborted_ = false;
};

}  // namespace ghostnet::support
