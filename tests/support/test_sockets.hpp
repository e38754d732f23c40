// The sockets that a TestHost hands out.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "ghostnet/support/memory_stream.hpp"
#include "ghostnet/support/test_world.hpp"

namespace ghostnet::support {

class TestListener final : public Listener {
 public:
  TestListener(TestWorld& world, const Endpoint& local, std::string path, std::uint32_t backlog);
  ~TestListener() override;

  Endpoint local() const override { return local_; }
  Result<std::unique_ptr<Stream>> try_accept() override;

  // False when the backlog is full.
  bool offer(std::unique_ptr<Stream> stream);

 protected:
  bool poll_acceptable() override { return !waiting_.empty(); }

 private:
  TestWorld& world_;
  Endpoint local_;
  std::string path_;
  std::uint32_t backlog_;
  std::deque<std::unique_ptr<Stream>> waiting_;
};

class TestUdpSocket final : public UdpSocket {
 public:
  TestUdpSocket(TestHost& host, const UdpOptions& options, const Endpoint& local);
  ~TestUdpSocket() override;

  Endpoint local() const override { return local_; }
  SendOutcome send(std::span<const Datagram> batch) override;
  Result<std::size_t> try_recv(std::span<ReceivedDatagram> batch) override;
  Result<> connect(const Endpoint& peer) override;
  Result<> join(const IpAddress& group, InterfaceIndex interface) override;
  Result<> leave(const IpAddress& group, InterfaceIndex interface) override;
  Result<std::size_t> max_payload_bytes(const Endpoint& peer) const override;
  UdpCounters counters() const override { return counters_; }

  bool takes(const Endpoint& to, const Endpoint& from) const;
  // Whether a socket of that host cannot be bound there beside this one.
  bool keeps_out(const TestHost& host, const Endpoint& local, bool shared) const;

 protected:
  bool poll_readable() override { return error_ || !queue_.empty(); }
  SoleWaiter* full() override { return nullptr; }

 private:
  std::optional<Errc> send_one(const Datagram& datagram);
  void carry(const Endpoint& from, const Endpoint& to, ByteView payload, const Datagram& datagram);
  static void deliver(TestWorld& world, const Endpoint& from, const Endpoint& to, const ReceivedDatagram& datagram);
  void take(const ReceivedDatagram& datagram);
  void refuse();

  TestHost& host_;
  UdpOptions options_;
  Endpoint local_;
  Endpoint peer_;  // port 0: not connected
  std::set<IpAddress> groups_;
  std::deque<ReceivedDatagram> queue_;
  std::size_t queued_bytes_ = 0;
  std::optional<Errc> error_;
  UdpCounters counters_;
};

}  // namespace ghostnet::support
