// KernelStream and KernelListener: the runtime's Stream and Listener on sockets of Linux, of TCP and of the Unix
// domain.
//
// Destroying a stream that was not shut down sends a reset (TCP; a Unix peer sees the end of the stream). One that was
// shut down is handed to the world's LingerSet, which reads and forgets what still comes until the peer has finished:
// closing it with unread input would make the kernel send a reset that overtakes what is still to be delivered.
//
// Between hosts of a LoopbackNetwork, what is written comes through the network first (ShapedSender), and so do the end
// and the reset. What was to be said stays the network's to deliver when the stream is destroyed.
//
// A listener that finds no descriptor or no memory for a connection says so once, then leaves the connection in the
// backlog for `accept_backoff` and tries again by itself: who simply accepts in a loop does not spin.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/realnet/shaped_sender.hpp"
#include "ghostnet/realnet/socket_path.hpp"
#include "ghostnet/realnet/stream_register.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/seen_link.hpp"
#include "ghostnet/runtime/stream.hpp"

namespace ghostnet::realnet {

class World;

class KernelStream final : public Stream, private Watch, private ShapedSender::Output {
 public:
  enum class Kind : std::uint8_t { tcp, local };
  struct Origin {
    bool watched = false;                  // the descriptor is in the poller already, for somebody else
    bool accepted = false;                 // else dialled
    LoopbackNetwork* network = nullptr;    // that the stream goes through, where both ends are hosts of it
    const ghostnet::Host* host = nullptr;  // whose it is, for whoever observes that; null: not shown
  };

  // Takes over a connected socket.
  static Result<std::unique_ptr<Stream>> adopt(World& world, FileDescriptor fd, Kind kind, const Origin& origin);
  ~KernelStream() override;

  Endpoint local() const override;
  Endpoint peer() const override { return peer_; }

  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override;
  void abort() override;

  // Of a stream of TCP that is open.
  std::optional<ConnectionReading> reading() const;

 protected:
  Loop& loop() override;

 private:
  KernelStream(World& world, FileDescriptor fd, Kind kind);

  void ready(std::uint32_t events) override;
  std::unexpected<Error> failed(int errno_value, std::string_view doing);
  void close(bool reset);
  void go_through(LoopbackNetwork& network, bool accepted);
  Result<std::size_t> write_through(std::span<const ByteView> parts);
  void leave_to_network(bool reset);

  // Of what has come through.
  std::size_t put(ByteView bytes) override;
  void end_of_stream() override;
  void reset() override;
  void gave_up() override;
  void made_room() override { wake_writer(); }

  World& world_;
  FileDescriptor fd_;  // none: aborted
  Kind kind_;
  bool readable_ = true;
  bool writable_ = true;
  bool peer_finished_ = false;  // the kernel knows: the end follows what can be read
  bool urgent_ = false;         // reads stop short at urgent data, so a short read does not mean that all was read
  bool end_read_ = false;
  bool send_shut_ = false;
  Endpoint peer_;
  std::optional<Error> error_;  // what broke the connection; for good
  LoopbackNetwork* network_ = nullptr;
  std::shared_ptr<ShapedSender> sender_;  // of a stream that goes through the network
  HostId host_ = kNoHost;                 // under which it is registered
  std::optional<SeenLink> seen_;
};

class KernelListener final : public Listener, private Watch, private Completion {
 public:
  // Takes over a listening socket; what it accepts inherits its options. `path`: the name of a Unix-domain socket.
  // `network`: that accepted streams may go through, or null. `host`: as KernelStream::Origin has it.
  static Result<std::unique_ptr<Listener>> adopt(World& world, FileDescriptor fd, KernelStream::Kind kind,
                                                 SocketPath path = {}, LoopbackNetwork* network = nullptr,
                                                 const ghostnet::Host* host = nullptr);
  ~KernelListener() override;

  Endpoint local() const override;
  Result<std::unique_ptr<Stream>> try_accept() override;

 protected:
  bool poll_acceptable() override;

 private:
  KernelListener(World& world, FileDescriptor fd, KernelStream::Kind kind, SocketPath path, LoopbackNetwork* network,
                 const ghostnet::Host* host);

  void ready(std::uint32_t events) override;
  PromiseBase* completed() noexcept override;  // the back-off is over
  Spawned* root() const noexcept override { return nullptr; }
  void back_off();

  World& world_;
  FileDescriptor fd_;
  KernelStream::Kind kind_;
  bool acceptable_ = true;
  FileDescriptor accepted_;     // taken from the backlog, not yet by the caller
  std::optional<Error> error_;  // for the next try_accept()
  Timer backoff_;
  std::optional<Timer::ExpiryAwaiter> backing_off_;
  SocketPath path_;
  LoopbackNetwork* network_;
  const ghostnet::Host* host_;
};

}  // namespace ghostnet::realnet
