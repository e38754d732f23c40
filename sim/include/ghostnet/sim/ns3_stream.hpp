// TCP of the ns3 carrier: our Stream and Listener over TcpSocket.
//
// Bytes stay in ns-3's receive buffer until they are read, so that a reader who does not read closes the window. What
// was unread is lost when the peer resets, as with a kernel.
// Only for the sources of the ns3 carrier: it includes ns-3.
#pragma once

#include <ns3/ptr.h>

#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/runtime/seen_link.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/sim/ns3_tcp_socket.hpp"

namespace ghostnet::sim {

class Ns3Host;

class Ns3Stream final : public Stream, private TcpOwner {
 public:
  Ns3Stream(Ns3Host& host, ns3::Ptr<TcpSocket> socket);
  ~Ns3Stream() override;

  Endpoint local() const override { return socket_->local_endpoint(); }
  Endpoint peer() const override { return socket_->peer_endpoint(); }
  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override;
  void abort() override;

  // Set once the handshake has ended, one way or the other.
  Event& settled() { return settled_; }
  // The connection stands: whoever observes the host may see it.
  void show();
  std::optional<Errc> failure() const { return socket_->failure(); }

 private:
  Loop& loop() override;
  void tcp_changed() override;

  Ns3Host& host_;
  ns3::Ptr<TcpSocket> socket_;
  Event settled_;
  std::optional<SeenLink> seen_;
  bool shut_ = false;
  bool aborted_ = false;
};

// One listening socket of ns-3, or one of each family.
class Ns3Listener final : public Listener, private TcpOwner {
 public:
  static Result<std::unique_ptr<Listener>> open(Ns3Host& host, const ListenOptions& options);
  ~Ns3Listener() override;

  Endpoint local() const override { return local_; }
  Result<std::unique_ptr<Stream>> try_accept() override;

 private:
  Ns3Listener(Ns3Host& host, std::uint32_t backlog);
  Result<> add(const Endpoint& local, const StreamOptions& options);
  bool poll_acceptable() override;
  bool closed() const;
  void tcp_changed() override;

  Ns3Host& host_;
  Endpoint local_;
  std::shared_ptr<AcceptQueue> queue_;
  std::vector<ns3::Ptr<TcpSocket>> sockets_;
};

}  // namespace ghostnet::sim
