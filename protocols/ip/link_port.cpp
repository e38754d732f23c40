#include "ghostnet/ip/link_port.hpp"

#include <utility>

namespace ghostnet::ip {

bool LinkPort::send(IpPacket packet) {
  if (queue_.empty()) {
    const SendOutcome sent = link_.send(std::span(&packet, 1));
    if (sent.accepted == 1) return true;
    if (sent.error != Errc::would_block) {
      metrics_.drop(DropReason::link_refused);
      return true;
    }
  }
  if (!has_room()) return false;
  queue_.push_back(std::move(packet));
  waiting_.set();
  return true;
}

bool LinkPort::flush() {
  while (!queue_.empty()) {
    const SendOutcome sent = link_.send(std::span(&queue_.front(), 1));
    if (sent.accepted == 0 && sent.error == Errc::would_block) return false;
    if (sent.accepted == 0) metrics_.drop(DropReason::link_refused);
    static_cast<void>(queue_.pop_front());
  }
  return true;
}

Task<> LinkPort::run(std::function<void()> relieved) {
  while (true) {
    co_await waiting_;
    while (!flush()) {
      if (queue_.size() <= queue_packets_ / 2) relieved();
      co_await link_.writable();
    }
    waiting_.reset();
    relieved();
  }
}

}  // namespace ghostnet::ip
