#include "ghostnet/realnet/stream_farewell.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "ghostnet/realnet/linger_set.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

StreamFarewell::StreamFarewell(World& world, FileDescriptor fd, std::shared_ptr<ShapedSender> sender, bool reading)
    : world_(world), fd_(std::move(fd)), sender_(std::move(sender)), reading_(reading) {
  sender_->set_output(this);
  world_.poller().change(fd_.get(), *this, EPOLLOUT);
}

StreamFarewell::~StreamFarewell() {
  sender_->set_output(nullptr);
  reset();
}

void StreamFarewell::ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0 && fd_) sender_->output_writable();
}

// What a broken connection does not take is lost.
std::size_t StreamFarewell::put(ByteView bytes) {
  if (!fd_) return bytes.size();
  const std::optional<std::size_t> count = send_now(fd_.get(), bytes);
  if (count) return *count;
  return errno == EAGAIN ? 0 : bytes.size();
}

void StreamFarewell::end_of_stream() {
  if (!fd_) return;
  ::shutdown(fd_.get(), SHUT_WR);
  if (reading_) return world_.lingering().add(std::move(fd_));
  world_.poller().remove(fd_.get());
  fd_.reset();
}

void StreamFarewell::reset() {
  if (!fd_) return;
  world_.poller().remove(fd_.get());
  reset_on_close(fd_.get());
  fd_.reset();
}

}  // namespace ghostnet::realnet
