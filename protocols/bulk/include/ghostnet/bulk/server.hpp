// BulkServer: receives transfers over UDP and streams, measures them, and reports back.
//
// The table of UDP sessions is bounded: where it is full, a session that has reported gives way, or else the newcomer
// is refused. Data counts only with the session's token and from its client's endpoint. Tokens are drawn from the
// host's deterministic randomness: they keep strangers and accidents out, not somebody who studies them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/bulk/options.hpp"
#include "ghostnet/bulk/receiver.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::bulk {

class BulkServer {
 public:
  // Opens the sockets. Errors: those of Host::open_udp and Host::listen; a world without streams is no error.
  static Result<std::unique_ptr<BulkServer>> start(Host& host, const BulkOptions& options);
  ~BulkServer();

  // Refuses new transfers from here on; those under way go on.
  void close();
  // `co_await server.finished()`, after close(): completes when no transfer is being received.
  Event& finished() { return idle_; }

  std::vector<Endpoint> datagram_endpoints() const;
  std::vector<Endpoint> stream_endpoints() const;

 private:
  struct Session;
  class Receiving;

  BulkServer(Host& host, const BulkOptions& options);

  Result<> open(const Endpoint& local);
  Task<> receive_datagrams(UdpSocket& socket);
  std::size_t take_waiting(UdpSocket& socket);
  void take(UdpSocket& socket, const ReceivedDatagram& datagram);
  void take_data(const Data& data, const ReceivedDatagram& datagram);
  void take_open(UdpSocket& socket, const Open& open, const Endpoint& peer);
  void take_finish(UdpSocket& socket, const Finish& finish, const Endpoint& peer);
  void reply(UdpSocket& socket, const Endpoint& peer, const Message& message);

  Session* find(std::uint64_t token, const Endpoint& peer);
  Session* add_session(const Endpoint& peer, std::uint64_t nonce);
  bool make_room();
  void remove(Session& session);
  void record_intervals(Receiver& receiver, TimePoint now);
  void transfer_begun();
  void transfer_ended();
  Task<> forget_idle_sessions();

  Task<> accept_streams(Listener& listener);
  Task<> receive_stream(std::unique_ptr<Stream> stream, Semaphore::Permit permit);
  Task<bool> read_open(Stream& stream);

  Host& host_;
  BulkOptions options_;
  BulkMetrics& metrics_;
  bool closing_ = false;
  std::size_t under_way_ = 0;
  Event idle_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Session>> sessions_;      // by token
  std::map<std::pair<Endpoint, std::uint64_t>, Session*> sessions_by_nonce_;  // and client
  Semaphore stream_permits_;
  std::vector<std::unique_ptr<UdpSocket>> sockets_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Scope sweeping_;
  Scope streams_;
  Scope receiving_;
  Scope accepting_;
};

}  // namespace ghostnet::bulk
