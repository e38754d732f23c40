// StreamRegister: the TCP streams of a world's hosts, for who asks how they are. It owns none of them: a stream enters
// when it belongs to a host and leaves as it is destroyed, so the register outlives them all.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::realnet {

class KernelStream;

// A connection as its sender on this host sees it at this moment.
struct ConnectionReading {
  Endpoint local;
  Endpoint peer;
  std::uint64_t window_bytes = 0;  // the congestion window
  std::uint64_t in_flight_bytes = 0;
  Duration smoothed_rtt{};  // 0: not measured yet
};

class StreamRegister {
 public:
  void add(HostId host, const KernelStream& stream) { streams_[host].insert(&stream); }
  void remove(HostId host, const KernelStream& stream) { streams_[host].erase(&stream); }
  // Of the host's streams that are open, in no order.
  std::vector<ConnectionReading> read(HostId host) const;

 private:
  std::unordered_map<HostId, std::unordered_set<const KernelStream*>> streams_;
};

}  // namespace ghostnet::realnet
