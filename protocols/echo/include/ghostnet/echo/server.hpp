// EchoServer: sends back whatever it receives (RFC 862), datagrams and streams.
//
// It never sends more than it got, and nothing to whom did not write. Two servers cannot be made to answer each other
// for ever: a datagram from a port on which this one listens stays without an answer, and so does one to a group.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ghostnet/echo/options.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::echo {

class EchoServer {
 public:
  // Opens the sockets. Errors: those of Host::open_udp and Host::listen; a world without streams is no error.
  static Result<std::unique_ptr<EchoServer>> start(Host& host, const EchoOptions& options);

  // Answers no new datagram and no new stream from here on.
  void close();
  // After close(): waits until the last stream has ended.
  Scope::JoinAwaiter finished() { return streams_.join(); }

  // Where it listens: what a port of 0 became.
  std::vector<Endpoint> datagram_endpoints() const;
  std::vector<Endpoint> stream_endpoints() const;

 private:
  EchoServer(Host& host, const EchoOptions& options);

  Result<> open(const Endpoint& local, bool streams);
  Task<> serve_datagrams(UdpSocket& socket);
  std::size_t answer_waiting(UdpSocket& socket);
  void answer(UdpSocket& socket, std::span<ReceivedDatagram> batch);
  bool wants_answer(const UdpSocket& socket, const ReceivedDatagram& datagram) const;
  Task<> accept_streams(Listener& listener);
  Task<> serve_stream(std::unique_ptr<Stream> stream, Semaphore::Permit permit);

  Host& host_;
  Duration stream_idle_;
  EchoMetrics& metrics_;
  Semaphore stream_permits_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Scope streams_;
  Scope listening_;
};

}  // namespace ghostnet::echo
