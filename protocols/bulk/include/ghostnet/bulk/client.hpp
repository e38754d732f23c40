// BulkClient: sends data to bulk servers, over UDP at a rate or over a stream as fast as it goes.
#pragma once

#include <cstdint>
#include <vector>

#include "ghostnet/bulk/options.hpp"
#include "ghostnet/bulk/pacer.hpp"
#include "ghostnet/bulk/wire.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/operation_gate.hpp"
#include "ghostnet/runtime/task.hpp"

namespace ghostnet::bulk {

// How a transfer went.
struct Summary {
  std::uint64_t sent_packets = 0;  // over UDP
  std::uint64_t sent_bytes = 0;
  Report received;  // as the server saw it
};

class BulkClient {
 public:
  BulkClient(Host& host, std::size_t max_transfers);

  // Errors: refused when the server has no room or nobody is there, timed_out when it did not answer or the stream
  // stood still, malformed, limit when max_transfers are under way, closed after close(); those of sending and
  // connecting. `request` outlives the task.
  Task<Result<Summary>> transfer(Endpoint server, const BulkRequest& request);

  void close() { gate_.close(); }
  // After close(): completes when no transfer is under way.
  Event& finished() { return gate_.idle(); }

 private:
  Task<Result<Summary>> over_udp(Endpoint server, const BulkRequest& request);
  Task<Result<std::uint64_t>> open_session(UdpSocket& socket, const BulkRequest& request);
  Task<Result<>> send_paced(UdpSocket& socket, std::uint64_t token, const BulkRequest& request, Summary& summary);
  Result<std::uint64_t> send_packets(UdpSocket& socket, std::uint64_t token, std::uint64_t first, std::uint64_t count,
                                     std::vector<std::uint8_t>& buffer, std::size_t packet_bytes);
  template <class Accepts>
  Task<Result<Message>> ask(UdpSocket& socket, Message question, Duration patience, Accepts accepts);

  Task<Result<Summary>> over_stream(Endpoint server, const BulkRequest& request);
  Task<Result<>> send_stream(Stream& stream, const BulkRequest& request, Summary& summary);
  void count(const Result<Summary>& outcome, bool udp);

  Host& host_;
  BulkMetrics& metrics_;
  OperationGate gate_;
};

}  // namespace ghostnet::bulk
