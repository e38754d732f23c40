// One bulk flow of our TCP/IP stack over a TUN device, in each direction, with the kernel at the other end; beside it
// the kernel with itself over a veth pair, lwIP on a TUN device and gVisor's netstack on a TAP device. Gbit/s of
// payload by the clock: each side has a processor, as on a real line.
//
// Needs root, /dev/net/tun and `ip`, and Go for gVisor; without them its rows say so.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/ip/host.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/link_control.hpp"
#include "ghostnet/realnet/tun.hpp"
#include "ghostnet/realnet/world.hpp"
#include "go_peer.hpp"
#include "lwip_peer.hpp"

namespace ghostnet::bench {
namespace {

constexpr std::uint16_t kPort = 5000;
constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr Duration kWarmUp = 300ms;
constexpr Duration kMeasured = 700ms;
constexpr double kGoalGbits = 10;

void demand(bool held, const char* what) {
  if (held) return;
  std::perror(what);
  std::exit(3);
}

// ---- the kernel's side: plain sockets in a process of their own ----

using Where = std::shared_ptr<const realnet::NetworkNamespace>;

pid_t in_child(const Where& where, const std::function<void()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  auto visit = realnet::NetworkNamespace::Visit::begin(where.get());
  if (visit) work();
  std::_Exit(0);
}

void end(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

sockaddr_in endpoint(std::uint32_t address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(kPort);
  to.sin_addr.s_addr = htonl(address);
  return to;
}

int accept_one() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in any = endpoint(INADDR_ANY);
  demand(::bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0, "bind");
  ::listen(listener, 1);
  return ::accept(listener, nullptr, nullptr);
}

int connect_to(std::uint32_t address) {
  const sockaddr_in to = endpoint(address);
  while (true) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
    ::close(fd);
    ::usleep(10'000);
  }
}

void sink(int fd) {
  std::vector<char> block(kBlockBytes);
  while (::read(fd, block.data(), block.size()) > 0) {
  }
}

void source(int fd) {
  const std::vector<char> block(kBlockBytes, 'x');
  while (::write(fd, block.data(), block.size()) > 0) {
  }
}

// ---- ours ----

Task<> count_written(Stream& stream, std::uint64_t& bytes) {
  const std::vector<std::uint8_t> block(kBlockBytes, 'x');
  while (co_await stream.write(block)) bytes += block.size();
}

Task<> count_read(Stream& stream, std::uint64_t& bytes) {
  std::vector<std::uint8_t> block(kBlockBytes);
  while (true) {
    const Result<std::size_t> got = co_await stream.read(block);
    if (!got || *got == 0) co_return;
    bytes += *got;
  }
}

Task<std::unique_ptr<Stream>> connect_until(ghostnet::Host& host, Endpoint peer) {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await host.connect({.peer = peer});
    if (stream) co_return std::move(*stream);
    co_await host.clock().sleep(10ms);
  }
}

Task<double> measured(const Clock& clock, std::uint64_t& bytes) {
  co_await clock.sleep(kWarmUp);
  const std::uint64_t before = bytes;
  const TimePoint begin = clock.now();
  co_await clock.sleep(kMeasured);
  co_return static_cast<double>(bytes - before) * 8 / static_cast<double>((clock.now() - begin).count());
}

class TunSide {
 public:
  static Result<std::unique_ptr<TunSide>> make() {
    Result<realnet::NetworkNamespace> where = realnet::NetworkNamespace::create();
    if (!where) return fail(std::move(where));
    auto side = std::unique_ptr<TunSide>(new TunSide());
    side->where_ = std::make_shared<const realnet::NetworkNamespace>(std::move(*where));
    auto tun = realnet::Tun::open(
        *side->world_, {.addresses = {{IpAddress::v4(10, 9, 0, 1), 24}}, .queue_packets = 4000, .where = side->where_});
    if (!tun) return fail(std::move(tun));
    const auto attached = side->stack_.attach(std::move(*tun), {.addresses = {{IpAddress::v4(10, 9, 0, 2), 24}}});
    if (!attached) return fail(attached);
    return side;
  }

  double to_kernel() {
    const pid_t child = in_child(where_, [] { sink(accept_one()); });
    const auto stream = *world_->run(connect_until(stack_, Endpoint(IpAddress::v4(10, 9, 0, 1), kPort)));
    const double rate = flow(count_written(*stream, bytes_));
    stream->abort();
    end(child);
    return rate;
  }
  double from_kernel() {
    auto listener = stack_.listen({.local = Endpoint(IpAddress::any(IpFamily::v4), kPort)});
    demand(listener.has_value(), "listen");
    const pid_t child = in_child(where_, [] { source(connect_to(0x0a09'0002)); });
    auto stream = *world_->run(accept_from(**listener));
    const double rate = flow(count_read(*stream, bytes_));
    stream->abort();
    end(child);
    return rate;
  }

 private:
  TunSide() = default;

  static Task<std::unique_ptr<Stream>> accept_from(Listener& listener) {
    Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
    demand(stream.has_value(), "accept");
    co_return std::move(*stream);
  }
  double flow(Task<> task) {
    bytes_ = 0;
    Scope scope(world_->loop());
    scope.spawn(std::move(task));
    return *world_->run(measured(world_->clock(), bytes_));
  }

  Where where_;
  std::unique_ptr<realnet::World> world_ = std::move(*realnet::World::create());
  realnet::Host ground_{*world_, {.name = "bench"}};
  ip::Host stack_{ground_};
  std::uint64_t bytes_ = 0;
};

// ---- the kernel with itself ----

class VethPair {
 public:
  VethPair() {
    shell("ip netns del ghostnet-bench-a; ip netns del ghostnet-bench-b");
    made_ = shell(
        "ip netns add ghostnet-bench-a && ip netns add ghostnet-bench-b && "
        "ip link add wire netns ghostnet-bench-a type veth peer name wire netns ghostnet-bench-b && "
        "ip -n ghostnet-bench-a addr add 10.9.1.1/24 dev wire && ip -n ghostnet-bench-a link set wire up && "
        "ip -n ghostnet-bench-b addr add 10.9.1.2/24 dev wire && ip -n ghostnet-bench-b link set wire up");
    if (!made_) return;
    for (auto [name, where] : {std::pair("ghostnet-bench-a", &a_), std::pair("ghostnet-bench-b", &b_)}) {
      Result<realnet::NetworkNamespace> opened = realnet::NetworkNamespace::open(name);
      made_ = made_ && opened.has_value();
      if (opened) *where = std::make_shared<const realnet::NetworkNamespace>(std::move(*opened));
    }
  }
  ~VethPair() { shell("ip netns del ghostnet-bench-a; ip netns del ghostnet-bench-b"); }

  bool made() const { return made_; }
  const Where& a() const { return a_; }
  const Where& b() const { return b_; }

  double rate() {
    const pid_t sender = in_child(a_, [] { source(connect_to(0x0a09'0102)); });
    int ends[2];
    demand(::pipe(ends) == 0, "pipe");
    const pid_t receiver = in_child(b_, [&ends] { report_rate(accept_one(), ends[1]); });
    double rate = 0;
    demand(::read(ends[0], &rate, sizeof rate) == sizeof rate, "the rate of the kernel");
    end(sender);
    end(receiver);
    ::close(ends[0]);
    ::close(ends[1]);
    return rate;
  }

 private:
  static bool shell(const std::string& command) {
    return std::system(("( " + command + " ) > /dev/null 2>&1").c_str()) == 0;
  }
  static void report_rate(int fd, int to) {
    using Steady = std::chrono::steady_clock;
    std::vector<char> block(kBlockBytes);
    std::uint64_t bytes = 0;
    const auto start = Steady::now();
    auto begin = start;
    while (true) {
      const ssize_t got = ::read(fd, block.data(), block.size());
      if (got <= 0) return;
      const auto now = Steady::now();
      if (begin == start) {
        if (now - start >= kWarmUp) begin = now;
        continue;
      }
      bytes += static_cast<std::uint64_t>(got);
      if (now - begin < kMeasured) continue;
      const double rate = static_cast<double>(bytes) * 8 / static_cast<double>((now - begin).count());
      static_cast<void>(!::write(to, &rate, sizeof rate));
      return;
    }
  }

  bool made_ = false;
  Where a_;
  Where b_;
};

// ---- lwIP ----

#ifdef GHOSTNET_HAS_LWIP

using Flow = void (*)(std::uint16_t port, std::uint64_t& bytes);

// lwIP in a process, the kernel's end in another, both in a namespace of their own.
double rate_of_lwip(Flow flow, const std::function<void()>& kernel_end) {
  auto where = realnet::NetworkNamespace::create();
  demand(where.has_value(), "a namespace");
  const Where shared = std::make_shared<const realnet::NetworkNamespace>(std::move(*where));
  int ends[2];
  demand(::pipe(ends) == 0, "pipe");
  const pid_t stack = in_child(shared, [&] {
    const int fd = lwip_peer::open_device("wire");
    const bool ready = fd >= 0 && realnet::set_interface_queue("wire", 4000) &&
                       realnet::add_interface_address("wire", {IpAddress::v4(10, 9, 0, 1), 24}) &&
                       realnet::set_interface_up("wire", true);
    demand(ready, "the device of lwIP");
    lwip_peer::start(fd);
    static std::uint64_t bytes = 0;
    std::thread([flow] { flow(kPort, bytes); }).detach();
    const volatile std::uint64_t& seen = bytes;
    while (seen == 0) ::usleep(1000);
    ::usleep(static_cast<useconds_t>(kWarmUp / 1us));
    const std::uint64_t before = seen;
    const auto begin = std::chrono::steady_clock::now();
    ::usleep(static_cast<useconds_t>(kMeasured / 1us));
    const auto took = std::chrono::steady_clock::now() - begin;
    const double rate = static_cast<double>(seen - before) * 8 / static_cast<double>(took.count());
    static_cast<void>(!::write(ends[1], &rate, sizeof rate));
    ::pause();
  });
  const pid_t kernel = in_child(shared, [&] { kernel_end(); });
  double rate = 0;
  demand(::read(ends[0], &rate, sizeof rate) == sizeof rate, "the rate of lwIP");
  end(stack);
  end(kernel);
  ::close(ends[0]);
  ::close(ends[1]);
  return rate;
}

double lwip_to_kernel() {
  return rate_of_lwip(lwip_peer::write_to_kernel, [] { sink(accept_one()); });
}
double lwip_from_kernel() {
  return rate_of_lwip(lwip_peer::read_from_kernel, [] { source(connect_to(0x0a09'0002)); });
}
constexpr const char* kNoLwip = "";

#else

double lwip_to_kernel() { return 0; }
double lwip_from_kernel() { return 0; }
constexpr const char* kNoLwip = "liblwip-dev is not installed";

#endif

// ---- gVisor ----

// A line with a number, or 0 where the other end has gone.
double read_figure(int fd) {
  std::string line;
  char next = 0;
  while (line.size() < 64 && ::read(fd, &next, 1) == 1 && next != '\n') line += next;
  return std::strtod(line.c_str(), nullptr);
}

// Becomes gVisor's program, on an interface of the namespace that the caller is in; its figure goes to `out`.
[[noreturn]] void become_gvisor(const GoPeer& program, const char* direction, int out) {
  ::dup2(out, STDOUT_FILENO);
  ::execl(program.path().c_str(), "gvisor_peer", direction, "wire", nullptr);
  std::_Exit(3);
}

// gVisor at one end of the pair, the kernel at the other.
double rate_of_gvisor(const GoPeer& program, const VethPair& veth, const char* direction,
                      const std::function<void()>& kernel_end) {
  int ends[2];
  demand(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
  const pid_t stack = in_child(veth.b(), [&] { become_gvisor(program, direction, ends[1]); });
  ::close(ends[1]);
  const pid_t kernel = in_child(veth.a(), kernel_end);
  const double rate = read_figure(ends[0]);
  demand(rate > 0, "the rate of gVisor");
  end(stack);
  end(kernel);
  ::close(ends[0]);
  return rate;
}

std::vector<BenchRow> run_tcp_tun(int runs) {
  const std::string sending = "tcp-tun: one flow, our stack to the kernel";
  const std::string receiving = "tcp-tun: one flow, the kernel to our stack";
  const std::string veth_name = "kernel to kernel over veth";
  const std::string lwip_name = "lwIP over TUN";
  const std::string gvisor_name = "gVisor's netstack over veth";
  const GoPeer gvisor("gvisor");
  std::vector<BenchRow> rows{{.name = sending, .rival = veth_name, .goal_value = kGoalGbits},
                             {.name = receiving, .rival = veth_name, .goal_value = kGoalGbits},
                             {.name = sending, .rival = lwip_name, .goal_ratio = 1, .skipped_reason = kNoLwip},
                             {.name = receiving, .rival = lwip_name, .goal_ratio = 1, .skipped_reason = kNoLwip},
                             {.name = sending, .rival = gvisor_name, .goal_ratio = 1},
                             {.name = receiving, .rival = gvisor_name, .goal_ratio = 1}};
  rows[4].skipped_reason = rows[5].skipped_reason = gvisor.missing;
  auto ours = TunSide::make();
  VethPair veth;
  const std::string missing = !ours          ? std::string(ours.error().message())
                              : !veth.made() ? "no veth pair: needs root and iproute2"
                                             : "";
  for (BenchRow& row : rows) {
    row.unit = "Gbit/s";
    row.runs = runs;
    if (!missing.empty()) row.skipped_reason = missing;
  }
  if (!missing.empty()) return rows;
  const auto to_kernel = [&] { return (*ours)->to_kernel(); };
  const auto from_kernel = [&] { return (*ours)->from_kernel(); };
  rows[0] = compare(rows[0], to_kernel, [&] { return veth.rate(); });
  rows[1] = compare(rows[1], from_kernel, [&] { return veth.rate(); });
  if (rows[2].skipped_reason.empty()) rows[2] = compare(rows[2], to_kernel, lwip_to_kernel);
  if (rows[3].skipped_reason.empty()) rows[3] = compare(rows[3], from_kernel, lwip_from_kernel);
  if (!gvisor.missing.empty()) return rows;
  rows[4] =
      compare(rows[4], to_kernel, [&] { return rate_of_gvisor(gvisor, veth, "send", [] { sink(accept_one()); }); });
  rows[5] = compare(rows[5], from_kernel,
                    [&] { return rate_of_gvisor(gvisor, veth, "receive", [] { source(connect_to(0x0a09'0103)); }); });
  return rows;
}

}  // namespace
}  // namespace ghostnet::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return ghostnet::bench::report(ghostnet::bench::run_tcp_tun(3), argc, argv);
}
