// StreamFarewell: a shaped stream whose owner has gone, until what it had written has come through; then its end, or
// its reset, is told to the kernel.
#pragma once

#include <memory>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/realnet/shaped_sender.hpp"

namespace ghostnet::realnet {

class StreamFarewell final : private Watch, private ShapedSender::Output {
 public:
  // A descriptor that is in the poller. `reading`: what the peer still says is to be read and forgotten after the end.
  StreamFarewell(World& world, FileDescriptor fd, std::shared_ptr<ShapedSender> sender, bool reading);
  StreamFarewell(const StreamFarewell&) = delete;
  StreamFarewell& operator=(const StreamFarewell&) = delete;
  ~StreamFarewell();

  bool over() const { return !fd_; }

 private:
  void ready(std::uint32_t events) override;
  std::size_t put(ByteView bytes) override;
  void end_of_stream() override;
  void reset() override;
  void gave_up() override { reset(); }
  void made_room() override {}

  World& world_;
  FileDescriptor fd_;
  std::shared_ptr<ShapedSender> sender_;
  bool reading_;
};

}  // namespace ghostnet::realnet
