#include "ghostnet/realnet/asio_bridge.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace asio = boost::asio;

struct AsioBridge::Guest : std::enable_shared_from_this<Guest> {
  Guest(World& guest, asio::io_context& host)
      : world(&guest), context(host), epoll(host, guest.poller().fd()), deadline(host) {}

  // A turn of the world, then wait for the next reason to take one.
  void take_turn() {
    if (world == nullptr) return;
    world->turn(Duration{});
    wait_for_time();
    wait_for_events();
  }

  void wait_for_time() {
    const Duration idle = world->idle_time();
    if (idle <= Duration{}) {
      if (!std::exchange(posted, true)) {
        asio::post(context, [self = shared_from_this()] {
          self->posted = false;
          self->take_turn();
        });
      }
      return;
    }
    const TimePoint next = world->loop().next_deadline();
    if (next == std::exchange(armed_for, next) || next == kNever) return;
    deadline.expires_at(asio::steady_timer::time_point(next.time_since_epoch()));  // both count CLOCK_MONOTONIC
    deadline.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (error) return;
      self->armed_for = kNever;
      self->take_turn();
    });
  }

  void wait_for_events() {
    if (std::exchange(watching, true)) return;
    epoll.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       self->watching = false;
                       if (!error) self->take_turn();
                     });
  }

  World* world;
  asio::io_context& context;
  asio::posix::stream_descriptor epoll;
  asio::steady_timer deadline;
  TimePoint armed_for = kNever;
  bool watching = false;
  bool posted = false;
};

AsioBridge::AsioBridge(World& world, asio::io_context& context)
    : context_(context), guest_(std::make_shared<Guest>(world, context)) {
  guest_->wait_for_time();
  guest_->wait_for_events();
}

AsioBridge::~AsioBridge() {
  guest_->world = nullptr;
  guest_->epoll.release();  // it is the world's
  guest_->deadline.cancel();
}

bool AsioBridge::run_one() {
  if (context_.stopped()) context_.restart();
  return context_.run_one() != 0;
}

}  // namespace ghostnet::realnet
