// UDP of the live world against loops written by hand on the same system calls: 1200-byte datagrams over the loopback.
//
// Both do the same job with the same socket buffers: the sender fills in the headers of each call from the datagrams
// that it is given; the receiver stands in an epoll descriptor, edge-triggered, is told of each burst by it, reads
// until the kernel has no more, and hands on the source and the bytes of each message. The loops by hand read into the
// same buffers again at once; ours lends its buffers to the reader. Neither side asks for header fields. Beside them
// stand loops that know without asking when and how much to read, which nobody has who waits for more than one thing:
// what waiting costs is the difference.
//
// By batches of single datagrams without offload; by super-datagrams that the kernel cuts and gathers, as one buffer
// for both; and by single datagrams that our socket puts together by itself, against the same.
//
// Each figure is datagrams per second of processor time, sent and received on one thread: bursts go out, then come in.
// What a neighbour on the machine takes does not count, and the ratio says what our layer costs per datagram.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::size_t kDatagramBytes = 1200;
constexpr std::size_t kSegments = 50;
constexpr std::size_t kBurst = 8 * kSegments;  // datagrams in flight at once
constexpr int kBufferBytes = 4 << 20;

double processor_seconds() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void demand(bool held, const char* what) {
  if (held) return;
  std::perror(what);
  std::exit(3);
}

int open_socket() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  demand(fd >= 0, "socket");
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  demand(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
  return fd;
}

sockaddr_in address_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return address;
}

// What a loop written by hand is given to send, and what it makes of what it receives.
struct Outgoing {
  sockaddr_in to;
  const std::uint8_t* data;
  std::size_t size_bytes;
};
struct Seen {
  std::uint64_t bytes = 0;
  std::uint64_t ports = 0;

  void take(const sockaddr_in& from, std::size_t size_bytes) {
    bytes += size_bytes;
    ports += from.sin_port;
  }
};

enum class Readiness { told, known };

// How a loop written by hand learns that its receiver has something to read. Its sender stands there too, as who sends
// wants to hear what is answered.
class Readable {
 public:
  Readable(int receiver, int sender, Readiness readiness)
      : epoll_(readiness == Readiness::told ? ::epoll_create1(0) : -1) {
    if (epoll_ < 0) return;
    for (const int fd : {receiver, sender}) {
      epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
      demand(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
    }
  }
  ~Readable() {
    if (epoll_ >= 0) ::close(epoll_);
  }
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;

  void wait() {
    epoll_event event;
    if (epoll_ >= 0) demand(::epoll_wait(epoll_, &event, 1, 0) == 1, "epoll_wait");
  }
  // Whether to read on after a call that brought so many of those that it could have brought.
  bool more(std::size_t count, std::size_t capacity, std::size_t received) const {
    return epoll_ >= 0 ? count == capacity : received < kBurst;
  }

 private:
  int epoll_;
};

// By hand: one message for each datagram, 50 in a call.
class PlainLoop {
 public:
  explicit PlainLoop(Readiness readiness)
      : receiver_(open_socket()), sender_(open_socket()), readable_(receiver_, sender_, readiness) {
    for (std::size_t i = 0; i < kSegments; ++i) {
      outgoing_[i] = {address_of(receiver_), payload_.data() + i * kDatagramBytes, kDatagramBytes};
      in_parts_[i] = {in_buffers_[i].data(), in_buffers_[i].size()};
      in_[i].msg_hdr = {.msg_name = &from_[i],
                        .msg_namelen = sizeof from_[i],
                        .msg_iov = &in_parts_[i],
                        .msg_iovlen = 1,
                        .msg_control = nullptr,
                        .msg_controllen = 0,
                        .msg_flags = 0};
    }
  }
  ~PlainLoop() {
    ::close(receiver_);
    ::close(sender_);
  }

  std::size_t burst() {
    for (std::size_t sent = 0; sent < kBurst; sent += kSegments) {
      compose();
      demand(::sendmmsg(sender_, out_.data(), kSegments, 0) == kSegments, "sendmmsg");
    }
    readable_.wait();
    std::size_t received = 0;
    std::size_t count;
    do {
      count = static_cast<std::size_t>(std::max(0, ::recvmmsg(receiver_, in_.data(), kSegments, 0, nullptr)));
      for (std::size_t i = 0; i < count; ++i) {
        if ((in_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0) seen_.take(from_[i], in_[i].msg_len);
        in_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in);
      }
      received += count;
    } while (count != 0 && readable_.more(count, kSegments, received));
    return received;
  }

 private:
  void compose() {
    for (std::size_t i = 0; i < kSegments; ++i) {
      Outgoing& datagram = outgoing_[i];
      out_parts_[i] = {const_cast<std::uint8_t*>(datagram.data), datagram.size_bytes};
      out_[i].msg_hdr = {.msg_name = &datagram.to,
                         .msg_namelen = sizeof datagram.to,
                         .msg_iov = &out_parts_[i],
                         .msg_iovlen = 1,
                         .msg_control = nullptr,
                         .msg_controllen = 0,
                         .msg_flags = 0};
    }
  }

  int receiver_;
  int sender_;
  Readable readable_;
  Seen seen_;
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(kSegments * kDatagramBytes);
  std::array<Outgoing, kSegments> outgoing_;
  std::array<iovec, kSegments> out_parts_;
  std::array<mmsghdr, kSegments> out_{};
  std::array<std::array<std::uint8_t, 2048>, kSegments> in_buffers_;
  std::array<iovec, kSegments> in_parts_;
  std::array<sockaddr_in, kSegments> from_;
  std::array<mmsghdr, kSegments> in_{};
};

// By hand: 50 datagrams in a message that the kernel cuts, and gathers again.
class OffloadLoop {
 public:
  explicit OffloadLoop(Readiness readiness)
      : receiver_(open_socket()), sender_(open_socket()), readable_(receiver_, sender_, readiness) {
    const int on = 1;
    supported_ = ::setsockopt(receiver_, SOL_UDP, UDP_GRO, &on, sizeof on) == 0;
    outgoing_ = {address_of(receiver_), payload_.data(), payload_.size()};
    for (std::size_t i = 0; i < kMessages; ++i) {
      in_buffers_[i].resize(65'536);
      in_parts_[i] = {in_buffers_[i].data(), in_buffers_[i].size()};
      prepare(i);
    }
  }
  ~OffloadLoop() {
    ::close(receiver_);
    ::close(sender_);
  }

  bool supported() const { return supported_; }

  std::size_t burst() {
    for (std::size_t sent = 0; sent < kBurst; sent += kSegments) {
      compose();
      demand(::sendmsg(sender_, &message_, 0) > 0, "sendmsg");
    }
    readable_.wait();
    std::size_t received = 0;
    std::size_t count;
    do {
      count = static_cast<std::size_t>(std::max(0, ::recvmmsg(receiver_, in_.data(), kMessages, 0, nullptr)));
      for (std::size_t i = 0; i < count; ++i) {
        if ((in_[i].msg_hdr.msg_flags & MSG_TRUNC) == 0) seen_.take(from_[i], in_[i].msg_len);
        received += segments(in_[i]);
        prepare(i);
      }
    } while (count != 0 && readable_.more(count, kMessages, received));
    return received;
  }

 private:
  static constexpr std::size_t kMessages = 8;

  void compose() {
    part_ = {const_cast<std::uint8_t*>(outgoing_.data), outgoing_.size_bytes};
    message_ = {.msg_name = &outgoing_.to,
                .msg_namelen = sizeof outgoing_.to,
                .msg_iov = &part_,
                .msg_iovlen = 1,
                .msg_control = out_control_.data(),
                .msg_controllen = CMSG_SPACE(sizeof(std::uint16_t)),
                .msg_flags = 0};
    cmsghdr* control = CMSG_FIRSTHDR(&message_);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const std::uint16_t segment = kDatagramBytes;
    std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
  }
  void prepare(std::size_t i) {
    in_[i].msg_hdr = {.msg_name = &from_[i],
                      .msg_namelen = sizeof from_[i],
                      .msg_iov = &in_parts_[i],
                      .msg_iovlen = 1,
                      .msg_control = in_control_[i].data(),
                      .msg_controllen = in_control_[i].size(),
                      .msg_flags = 0};
  }
  static std::size_t segments(mmsghdr& message) {
    int segment = 0;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message.msg_hdr); c != nullptr; c = CMSG_NXTHDR(&message.msg_hdr, c)) {
      if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
    }
    return segment == 0 ? 1 : (message.msg_len + static_cast<unsigned>(segment) - 1) / static_cast<unsigned>(segment);
  }

  int receiver_;
  int sender_;
  Readable readable_;
  Seen seen_;
  bool supported_ = false;
  Outgoing outgoing_;
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(kSegments * kDatagramBytes);
  iovec part_;
  alignas(cmsghdr) std::array<std::uint8_t, 64> out_control_{};
  msghdr message_;
  std::array<std::vector<std::uint8_t>, kMessages> in_buffers_;
  std::array<iovec, kMessages> in_parts_;
  std::array<sockaddr_in, kMessages> from_;
  struct alignas(cmsghdr) Control : std::array<std::uint8_t, 128> {};
  std::array<Control, kMessages> in_control_;
  std::array<mmsghdr, kMessages> in_{};
};

// Ours: a coroutine that receives, woken by the world for each burst.
class Ours {
 public:
  enum class How { plain, super_datagrams, gathered };

  explicit Ours(How how) : offload_(how != How::plain) {
    host_.scope().spawn(receive(*receiver_, received_));
    if (how == How::super_datagrams) {
      batch_ = {{.peer = receiver_->local(), .payload = payload_, .segment_bytes = kDatagramBytes}};
      return;
    }
    for (std::size_t i = 0; i < kSegments; ++i) {
      batch_.push_back(
          {.peer = receiver_->local(), .payload = ByteView(payload_).subspan(i * kDatagramBytes, kDatagramBytes)});
    }
  }
  ~Ours() { host_.scope().drop_all(); }

  std::size_t burst() {
    received_ = 0;
    for (std::size_t sent = 0; sent < kBurst; sent += kSegments) {
      demand(sender_->send(batch_).accepted == batch_.size(), "send");
    }
    for (int turns = 0; received_ < kBurst && turns < 1000; ++turns) world_->turn(Duration{});
    return received_;
  }

 private:
  static Task<> receive(UdpSocket& socket, std::size_t& received) {
    std::array<ReceivedDatagram, 64> batch;
    while (true) {
      Result<std::size_t> count = co_await socket.recv(batch);
      if (!count) co_return;
      for (ReceivedDatagram& datagram : std::span(batch).first(*count)) {
        const std::size_t segment = datagram.segment_bytes;
        received += segment == 0 ? 1 : (datagram.data.size() + segment - 1) / segment;
        datagram.data = {};
      }
    }
  }
  std::unique_ptr<UdpSocket> open() {
    return std::move(*host_.open_udp({.local = Endpoint(IpAddress::loopback(IpFamily::v4), 0),
                                      .offload = offload_,
                                      .header_fields = false,  // the loops by hand do not ask for them either
                                      .receive_queue_bytes = kBufferBytes,
                                      .send_queue_bytes = kBufferBytes}));
  }

  bool offload_;
  std::unique_ptr<realnet::World> world_ = std::move(*realnet::World::create());
  realnet::Host host_{*world_, {.name = "bench"}};
  std::unique_ptr<UdpSocket> receiver_ = open();
  std::unique_ptr<UdpSocket> sender_ = open();
  std::vector<std::uint8_t> payload_ = std::vector<std::uint8_t>(kSegments * kDatagramBytes);
  std::vector<Datagram> batch_;
  std::size_t received_ = 0;
};

// Datagrams per second, over at least `at_least` of them.
template <class Side>
double rate(Side& side, std::size_t at_least) {
  std::size_t received = 0;
  const double begin = processor_seconds();
  while (received < at_least) {
    const std::size_t got = side.burst();
    demand(got == kBurst, "datagrams were lost");
    received += got;
  }
  return static_cast<double>(received) / (processor_seconds() - begin);
}

template <class Rival>
BenchRow compare(std::string name, std::string rival_name, Ours& ours, Rival& rival, std::size_t datagrams,
                 int repetitions) {
  std::vector<double> our_rates;
  std::vector<double> rival_rates;
  rate(ours, kBurst);  // warm
  rate(rival, kBurst);
  for (int i = 0; i < repetitions; ++i) {
    our_rates.push_back(rate(ours, datagrams) / 1e6);
    rival_rates.push_back(rate(rival, datagrams) / 1e6);
  }
  return {.name = std::move(name),
          .value = median(our_rates),
          .unit = "M/s",
          .rival = std::move(rival_name),
          .rival_value = median(rival_rates),
          .higher_is_better = true,
          .goal_ratio = 0.95,
          .runs = repetitions,
          .spread = spread(our_rates)};
}

}  // namespace

std::vector<BenchRow> run_udp_live(int repetitions) {
  const std::string unwaiting = ", against a loop that never waits";
  std::vector<BenchRow> rows;
  for (const Readiness readiness : {Readiness::told, Readiness::known}) {
    const bool goal = readiness == Readiness::told;
    Ours ours(Ours::How::plain);
    PlainLoop rival(readiness);
    rows.push_back(compare("udp-live: 1200 B, batches" + (goal ? "" : unwaiting), "sendmmsg/recvmmsg by hand", ours,
                           rival, 40'000, repetitions));
    if (!goal) rows.back().goal_ratio = std::nullopt;
  }
  const std::string by_hand = "UDP_SEGMENT/UDP_GRO by hand";
  for (const Readiness readiness : {Readiness::told, Readiness::known}) {
    const bool goal = readiness == Readiness::told;
    auto rival = std::make_unique<OffloadLoop>(readiness);
    if (!rival->supported()) {
      rows.push_back({.name = "udp-live: 1200 B, GSO and GRO", .skipped_reason = "this kernel has no UDP_GRO"});
      return rows;
    }
    Ours ours(Ours::How::super_datagrams);
    rows.push_back(compare("udp-live: 1200 B, GSO and GRO" + (goal ? "" : unwaiting), by_hand, ours, *rival, 400'000,
                           repetitions));
    if (!goal) rows.back().goal_ratio = std::nullopt;
  }
  auto rival = std::make_unique<OffloadLoop>(Readiness::told);
  Ours ours(Ours::How::gathered);
  rows.push_back(compare("udp-live: 1200 B, put together by us", by_hand, ours, *rival, 400'000, repetitions));
  rows.back().goal_ratio = std::nullopt;
  return rows;
}

}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::report(ghostnet::bench::run_udp_live(9), argc, argv); }
