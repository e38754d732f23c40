// SeenLink: tells the observer of a host, if it has one, that a link is up as long as this lives. For what is itself a
// link, such as a stream. The host outlives it.
#pragma once

#include <utility>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/observer.hpp"

namespace ghostnet {

class SeenLink {
 public:
  SeenLink() = default;
  // The name's texts live for ever.
  SeenLink(const Host& host, const IpAddress& peer, const LinkName& name) {
    Observer* const observer = host.observer();
    if (observer == nullptr) return;
    peer_ = observer->host_at(peer);
    if (peer_ == kNoHost) return;
    host_ = &host;
    name_ = name;
    observer->link_up(host.id(), peer_, name_);
  }
  SeenLink(SeenLink&& other) noexcept
      : host_(std::exchange(other.host_, nullptr)), peer_(other.peer_), name_(other.name_) {}
  SeenLink& operator=(SeenLink&&) = delete;
  ~SeenLink() {
    if (host_ == nullptr) return;
    if (Observer* const observer = host_->observer()) observer->link_down(host_->id(), peer_, name_);
  }

 private:
  const Host* host_ = nullptr;  // null: nobody sees it
  HostId peer_ = kNoHost;
  LinkName name_{};
};

}  // namespace ghostnet
