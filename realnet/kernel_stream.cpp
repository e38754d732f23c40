#include "ghostnet/realnet/kernel_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ghostnet/realnet/linger_set.hpp"
#include "ghostnet/realnet/socket_address.hpp"
#include "ghostnet/realnet/socket_options.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::realnet {

namespace {

constexpr std::size_t kMaxParts = 64;

// As the system calls answer: how many bytes went, or -1 and errno. Says how many should have gone. A single part is
// cheaper to send without a header that names it.
ssize_t write_some(int fd, std::span<const ByteView> parts, std::size_t& wanted_bytes) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (parts.size() == 1) {
    wanted_bytes = parts[0].size();
    return ::send(fd, parts[0].data(), parts[0].size(), kFlags);
  }
  std::array<iovec, kMaxParts> gathered;
  const std::size_t part_count = std::min(parts.size(), gathered.size());
  wanted_bytes = 0;
  for (std::size_t i = 0; i < part_count; ++i) {
    gathered[i] = {.iov_base = const_cast<std::uint8_t*>(parts[i].data()), .iov_len = parts[i].size()};
    wanted_bytes += parts[i].size();
  }
  msghdr message{};
  message.msg_iov = gathered.data();
  message.msg_iovlen = part_count;
  return ::sendmsg(fd, &message, kFlags);
}

}  // namespace

Result<std::unique_ptr<Stream>> KernelStream::adopt(World& world, FileDescriptor fd, Kind kind, const Origin& origin) {
  constexpr std::uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI;
  const int raw_fd = fd.get();
  std::unique_ptr<KernelStream> stream(new KernelStream(world, std::move(fd), kind));
  if (origin.watched) {
    world.poller().change(raw_fd, *stream, kEvents);
  } else if (Result<> added = world.poller().add(raw_fd, *stream, kEvents); !added) {
    return fail(std::move(added));
  }
  if (origin.network != nullptr) stream->go_through(*origin.network, origin.accepted);
  if (origin.host != nullptr) {
    stream->seen_.emplace(*origin.host, stream->peer_.address(), LinkName{.kind = "tcp"});
    stream->host_ = origin.host->id();
    world.streams().add(stream->host_, *stream);
  }
  return stream;
}

KernelStream::KernelStream(World& world, FileDescriptor fd, Kind kind)
    : world_(world),
      fd_(std::move(fd)),
      kind_(kind),
      peer_(kind == Kind::tcp ? peer_endpoint(fd_.get()) : Endpoint()) {}

KernelStream::~KernelStream() {
  if (host_ != kNoHost) world_.streams().remove(host_, *this);
  if (!fd_) return;
  if (sender_ && !error_ && !(send_shut_ && sender_->empty())) {
    leave_to_network(!send_shut_);
  } else if (send_shut_ && !end_read_ && !error_) {
    world_.lingering().add(std::move(fd_));
  } else {
    close(!send_shut_);
  }
}

void KernelStream::close(bool reset) {
  world_.poller().remove(fd_.get());
  if (reset && kind_ == Kind::tcp) reset_on_close(fd_.get());
  fd_.reset();
}

Endpoint KernelStream::local() const { return fd_ && kind_ == Kind::tcp ? local_endpoint(fd_.get()) : Endpoint(); }

Loop& KernelStream::loop() { return world_.loop(); }

std::optional<ConnectionReading> KernelStream::reading() const {
  if (!fd_ || kind_ != Kind::tcp) return std::nullopt;
  ConnectionReading reading{.local = local(), .peer = peer_};
  if (sender_) {
    reading.window_bytes = sender_->window_bytes();
    reading.in_flight_bytes = sender_->under_way_bytes();
    reading.smoothed_rtt = sender_->round_trip();
    return reading;
  }
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  reading.window_bytes = std::uint64_t{info.tcpi_snd_cwnd} * info.tcpi_snd_mss;
  reading.in_flight_bytes = std::uint64_t{info.tcpi_unacked} * info.tcpi_snd_mss;
  reading.smoothed_rtt = std::chrono::microseconds(info.tcpi_rtt);
  return reading;
}

void KernelStream::ready(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_finished_ = true;
  if ((events & EPOLLPRI) != 0) urgent_ = true;
  if (readable_) wake_reader();
  if (!writable_) return;
  if (sender_) return sender_->output_writable();
  wake_writer();
}

Result<std::size_t> KernelStream::try_read(MutableByteView buffer) {
  if (!fd_) return fail(Errc::closed);
  if (buffer.empty()) return fail(Errc::invalid_argument, "reading from {} into no bytes", peer_);
  if (end_read_) return 0;
  if (!readable_ || !world_.poller().admit(*this)) return fail(Errc::would_block);
  ssize_t count;
  do {
    count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (errno != EAGAIN) return failed(errno, "reading from");
    readable_ = false;
    return fail(Errc::would_block);
  }
  if (count == 0) {
    // After a failed write the kernel shows what was cut off as an ordinary end.
    if (error_) return std::unexpected<Error>(*error_);
    end_read_ = true;
    return 0;
  }
  const auto read_bytes = static_cast<std::size_t>(count);
  // A short read emptied the queue, so what comes next is a new event. Not where reads stop at other boundaries, too.
  if (read_bytes < buffer.size() && !peer_finished_ && !urgent_ && kind_ == Kind::tcp) readable_ = false;
  return read_bytes;
}

Result<std::size_t> KernelStream::try_write(std::span<const ByteView> parts) {
  if (!fd_ || send_shut_) return fail(Errc::closed);
  if (error_) return std::unexpected<Error>(*error_);
  if (sender_) return write_through(parts);
  if (!writable_ || !world_.poller().admit(*this)) return fail(Errc::would_block);
  std::size_t wanted_bytes = 0;
  ssize_t count;
  do {
    count = write_some(fd_.get(), parts, wanted_bytes);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (errno != EAGAIN) return failed(errno, "writing to");
    writable_ = false;
    return fail(Errc::would_block);
  }
  if (static_cast<std::size_t>(count) < wanted_bytes) writable_ = false;
  return static_cast<std::size_t>(count);
}

// EPIPE on a stream that we did not shut down: the peer reset it, and an earlier call was told.
std::unexpected<Error> KernelStream::failed(int errno_value, std::string_view doing) {
  const bool reset = errno_value == ECONNRESET || errno_value == EPIPE;
  const std::string where = kind_ == Kind::tcp ? peer_.to_string() : "a local peer";
  if (reset) {
    error_ = Error(Errc::reset, "{} {}: the peer, or something between, reset the connection", doing, where);
  } else {
    error_ = system_error(errno_value, fmt::format("{} {}", doing, where));
  }
  return std::unexpected<Error>(*error_);
}

Result<> KernelStream::shutdown_send() {
  if (!fd_) return fail(Errc::closed);
  if (send_shut_) return {};
  if (error_) return std::unexpected<Error>(*error_);
  if (sender_) {
    send_shut_ = true;
    sender_->finish();
    return {};
  }
  if (::shutdown(fd_.get(), SHUT_WR) != 0) return failed(errno == ENOTCONN ? ECONNRESET : errno, "shutting down");
  send_shut_ = true;
  return {};
}

void KernelStream::abort() {
  if (!fd_) return;
  sender_ && !error_ ? leave_to_network(true) : close(true);
  wake_reader();
  wake_writer();
}

// ---- through a network ----

// What an acceptor says first leaves when the third step of the handshake has come to it.
void KernelStream::go_through(LoopbackNetwork& network, bool accepted) {
  const IpAddress own = local_endpoint(fd_.get()).address();
  if (!network.carries(own, peer_.address())) return;
  network_ = &network;
  const Duration wait = accepted ? network.delay(peer_.address(), own) : Duration{};
  sender_ = std::make_shared<ShapedSender>(network, own, peer_.address(), ShapedSender::kDefaultBufferBytes,
                                           network.now() + wait);
  sender_->set_output(this);
}

Result<std::size_t> KernelStream::write_through(std::span<const ByteView> parts) {
  const std::size_t taken_bytes = sender_->write(parts);
  if (error_) return std::unexpected<Error>(*error_);
  const bool wanted = std::ranges::any_of(parts, [](ByteView part) { return !part.empty(); });
  if (taken_bytes == 0 && wanted) return fail(Errc::would_block);
  return taken_bytes;
}

void KernelStream::leave_to_network(bool reset) {
  if (reset) sender_->reset();
  network_->say_farewell(std::move(fd_), std::move(sender_), !end_read_);
}

std::size_t KernelStream::put(ByteView bytes) {
  if (error_) return bytes.size();  // a broken connection takes everything, and loses it
  if (!writable_) return 0;
  const std::optional<std::size_t> count = send_now(fd_.get(), bytes);
  if (!count && errno != EAGAIN) {
    failed(errno, "writing to");
    wake_writer();
    return bytes.size();
  }
  if (!count || *count < bytes.size()) writable_ = false;
  return count.value_or(0);
}

void KernelStream::end_of_stream() { ::shutdown(fd_.get(), SHUT_WR); }

void KernelStream::reset() {}  // is said by the network, to which the stream was left

void KernelStream::gave_up() {
  error_ = Error(Errc::timed_out, "writing to {}: nothing came through", peer_);
  wake_reader();
  wake_writer();
}

}  // namespace ghostnet::realnet
