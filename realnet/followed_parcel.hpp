// FollowedParcel: a parcel of which an observer wants to hear what becomes of it.
#pragma once

#include <memory>
#include <utility>

#include "ghostnet/realnet/loopback_network.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/observer.hpp"

namespace ghostnet::realnet {

class FollowedParcel final : public Parcel {
 public:
  FollowedParcel(std::unique_ptr<Parcel> inner, World& world, const MessageSample& about)
      : inner_(std::move(inner)), world_(world), about_(about) {}
  // On its way: it was lost.
  ~FollowedParcel() override { tell(); }

  void arrive(TimePoint at, bool ce_marked) override {
    about_.received = at;
    tell();
    inner_->arrive(at, ce_marked);
  }
  std::unique_ptr<Parcel> copy() const override { return inner_->copy(); }
  std::string_view kind() const override { return inner_->kind(); }

 private:
  void tell() {
    Observer* const observer = world_.context().observer;
    if (!std::exchange(told_, true) && observer != nullptr) observer->message(about_);
  }

  std::unique_ptr<Parcel> inner_;
  World& world_;
  MessageSample about_;
  bool told_ = false;
};

}  // namespace ghostnet::realnet
