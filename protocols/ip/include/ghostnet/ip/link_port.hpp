// LinkPort: the way out to one IpLink: packets go at once while the link takes them, and wait in a bounded queue while
// it does not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "ghostnet/ip/ip_metrics.hpp"
#include "ghostnet/runtime/fifo.hpp"
#include "ghostnet/runtime/ip_link.hpp"
#include "ghostnet/runtime/sync.hpp"

namespace ghostnet::ip {

class LinkPort {
 public:
  // The link outlives the port.
  LinkPort(IpLink& link, std::size_t queue_packets, Loop& loop, IpMetrics& metrics)
      : link_(link), queue_packets_(queue_packets), metrics_(metrics), waiting_(loop) {}

  IpLink& link() { return link_; }
  bool has_room() const { return queue_.size() < queue_packets_; }
  // False: the queue is full.
  bool send(IpPacket packet);

  // Moves the queue to the link as it becomes writable; calls `relieved` whenever half of the queue is free again. Ends
  // with the task. One at a time.
  Task<> run(std::function<void()> relieved);

 private:
  // Gives the front of the queue to the link; false: it takes no more now.
  bool flush();

  IpLink& link_;
  std::size_t queue_packets_;
  IpMetrics& metrics_;
  Fifo<IpPacket> queue_;
  Event waiting_;  // set while the queue holds something
};

}  // namespace ghostnet::ip
