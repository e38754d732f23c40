// TCP of the live world over the loopback: bulk against a loop written by hand, and the echo of small messages against
// a server of Boost.Asio callbacks, its fastest style.
//
// Everything runs on one thread and counts processor time: what a neighbour on the machine takes does not count, and
// the ratio says what our layer costs. In the echo the clients are plain sockets, the same for both servers.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <vector>

#include "bench_row.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::bench {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMessageBytes = 64;
constexpr std::size_t kChunkBytes = 64 * 1024;

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

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  demand(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  no_delay(fd);
  return fd;
}

class OurWorld {
 protected:
  static Task<> echo(std::unique_ptr<Stream> stream) {
    std::array<std::uint8_t, 1024> buffer;
    while (true) {
      Result<std::size_t> count = co_await stream->read(buffer);
      if (!count || *count == 0) co_return;
      Result<> written = co_await stream->write(ByteView(buffer).first(*count));
      if (!written) co_return;
    }
  }

  std::unique_ptr<realnet::World> world_ = std::move(*realnet::World::create());
  realnet::Host host_{*world_, {.name = "bench"}};
};

// ---- the echo ----

class OurServer : OurWorld {
 public:
  explicit OurServer(bool guest) {
    if (guest) context_ = *world_->io_context();
    host_.scope().spawn(serve(host_, *listener_));
  }
  ~OurServer() { host_.scope().drop_all(); }
  std::uint16_t port() const { return listener_->local().port(); }
  // Whatever is ready now.
  void run() { context_ != nullptr ? void(context_->poll()) : world_->turn(Duration{}); }

 private:
  static Task<> serve(realnet::Host& host, Listener& listener) {
    while (true) {
      Result<std::unique_ptr<Stream>> stream = co_await listener.accept();
      if (stream) host.scope().spawn(echo(std::move(*stream)));
    }
  }

  asio::io_context* context_ = nullptr;
  std::unique_ptr<Listener> listener_ =
      std::move(*host_.listen({.local = Endpoint(IpAddress::loopback(IpFamily::v4), 0)}));
};

class AsioServer {
 public:
  AsioServer() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) { accept(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void run() { context_.poll(); }

 private:
  struct Session : std::enable_shared_from_this<Session> {
    explicit Session(asio::ip::tcp::socket accepted) : socket(std::move(accepted)) {}
    void read() {
      socket.async_read_some(asio::buffer(buffer),
                             [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
                               if (!error) self->write(count);
                             });
    }
    void write(std::size_t count) {
      asio::async_write(socket, asio::buffer(buffer, count),
                        [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                          if (!error) self->read();
                        });
    }
    asio::ip::tcp::socket socket;
    std::array<std::uint8_t, 1024> buffer;
  };

  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, asio::ip::tcp::socket socket) {
      if (error) return;
      socket.set_option(asio::ip::tcp::no_delay(true));
      std::make_shared<Session>(std::move(socket))->read();
      accept();
    });
  }

  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
};

// So many clients of a server, each with one message under way.
template <class Server>
class Echo {
 public:
  template <class... Args>
  explicit Echo(std::size_t clients, Args... args) : server_(args...) {
    for (std::size_t i = 0; i < clients; ++i) {
      clients_.push_back(connect_to(server_.port()));
      server_.run();
    }
    round_trips(1000);  // warm
  }
  ~Echo() {
    for (const int fd : clients_) ::close(fd);
  }

  // Round trips per second.
  double round_trips(std::size_t at_least) {
    std::array<std::uint8_t, kMessageBytes> message{};
    std::size_t done = 0;
    const double begin = processor_seconds();
    while (done < at_least) {
      for (const int fd : clients_) demand(::send(fd, message.data(), message.size(), 0) > 0, "send");
      for (const int fd : clients_) {
        while (::recv(fd, message.data(), message.size(), MSG_DONTWAIT) < 0) server_.run();
      }
      done += clients_.size();
    }
    return static_cast<double>(done) / (processor_seconds() - begin);
  }

 private:
  Server server_;
  std::vector<int> clients_;
};

// ---- bulk ----

class OurBulk : OurWorld {
 public:
  OurBulk() {
    auto listener = std::move(*host_.listen({.local = Endpoint(IpAddress::loopback(IpFamily::v4), 0)}));
    world_->run(meet(host_, *listener, client_, server_));
  }

  double bytes_per_second(std::size_t bytes) {
    const double begin = processor_seconds();
    world_->run(transfer(*client_, *server_, bytes, chunk_, buffer_));
    return static_cast<double>(bytes) / (processor_seconds() - begin);
  }

 private:
  using StreamPtr = std::unique_ptr<Stream>;

  static Task<> meet(realnet::Host& host, Listener& listener, StreamPtr& client, StreamPtr& server) {
    auto [connected, accepted] = co_await all_of(host.connect({.peer = listener.local()}), listener.accept());
    client = std::move(*connected);
    server = std::move(*accepted);
  }
  static Task<> write_bytes(Stream& stream, std::size_t bytes, ByteView chunk) {
    for (std::size_t sent = 0; sent < bytes; sent += chunk.size()) {
      Result<> written = co_await stream.write(chunk);
      demand(written.has_value(), "write");
    }
  }
  static Task<> read_bytes(Stream& stream, std::size_t bytes, MutableByteView buffer) {
    for (std::size_t got = 0; got < bytes;) {
      Result<std::size_t> count = co_await stream.read(buffer);
      demand(count.has_value() && *count != 0, "read");
      got += *count;
    }
  }
  static Task<> transfer(Stream& from, Stream& to, std::size_t bytes, ByteView chunk, MutableByteView buffer) {
    co_await all_of(write_bytes(from, bytes, chunk), read_bytes(to, bytes, buffer));
  }

  StreamPtr client_;
  StreamPtr server_;
  std::vector<std::uint8_t> chunk_ = std::vector<std::uint8_t>(kChunkBytes);
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kChunkBytes);
};

class BulkByHand {
 public:
  BulkByHand() {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    demand(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "bind");
    demand(::listen(listener, 1) == 0, "listen");
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    client_ = connect_to(ntohs(address.sin_port));
    server_ = ::accept(listener, nullptr, nullptr);
    ::close(listener);
  }
  ~BulkByHand() {
    ::close(client_);
    ::close(server_);
  }

  double bytes_per_second(std::size_t bytes) {
    std::size_t sent = 0;
    std::size_t got = 0;
    const double begin = processor_seconds();
    // One chunk goes in, then all comes out, while it is in the cache: the fastest order of several.
    while (got < bytes) {
      if (sent < bytes) {
        const ssize_t count = ::send(client_, chunk_.data(), std::min(chunk_.size(), bytes - sent), MSG_DONTWAIT);
        if (count > 0) sent += static_cast<std::size_t>(count);
      }
      ssize_t count;
      do {
        count = ::recv(server_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (count > 0) got += static_cast<std::size_t>(count);
      } while (count == static_cast<ssize_t>(buffer_.size()));
    }
    return static_cast<double>(bytes) / (processor_seconds() - begin);
  }

 private:
  int client_ = -1;
  int server_ = -1;
  std::vector<std::uint8_t> chunk_ = std::vector<std::uint8_t>(kChunkBytes);
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kChunkBytes);
};

// Alternates between the two, so that both see the same machine.
template <class Ours, class Rivals>
BenchRow compare(BenchRow row, int repetitions, Ours ours, Rivals rivals) {
  std::vector<double> our_rates;
  std::vector<double> rival_rates;
  for (int i = 0; i < repetitions; ++i) {
    our_rates.push_back(ours());
    rival_rates.push_back(rivals());
  }
  row.value = median(our_rates);
  row.rival_value = median(rival_rates);
  row.runs = repetitions;
  row.spread = spread(our_rates);
  return row;
}

BenchRow echo_row(std::size_t clients, bool guest, int repetitions) {
  constexpr std::size_t kRoundTrips = 20'000;
  Echo<OurServer> ours(clients, guest);
  Echo<AsioServer> rival(clients);
  BenchRow row{.name = fmt::format("stream-live: echo of 64 B, {} connection{}{}", clients, clients == 1 ? "" : "s",
                                   guest ? ", as Asio's guest" : ""),
               .unit = "k/s",
               .rival = "Asio callbacks"};
  if (!guest) row.goal_ratio = 1.0;
  return compare(
      row, repetitions, [&] { return ours.round_trips(kRoundTrips) / 1e3; },
      [&] { return rival.round_trips(kRoundTrips) / 1e3; });
}

}  // namespace

std::vector<BenchRow> run_stream_live(int repetitions) {
  constexpr std::size_t kBulkBytes = 256 << 20;
  std::vector<BenchRow> rows;
  {
    OurBulk ours;
    BulkByHand rival;
    rows.push_back(compare(
        {.name = "stream-live: bulk", .unit = "Gbit/s", .rival = "send/recv by hand", .goal_ratio = 0.95}, repetitions,
        [&] { return ours.bytes_per_second(kBulkBytes) * 8e-9; },
        [&] { return rival.bytes_per_second(kBulkBytes) * 8e-9; }));
  }
  for (const bool guest : {false, true}) {
    for (const std::size_t clients : {1UL, 64UL}) rows.push_back(echo_row(clients, guest, repetitions));
  }
  return rows;
}

}  // namespace ghostnet::bench

int main(int argc, char** argv) { return ghostnet::bench::report(ghostnet::bench::run_stream_live(9), argc, argv); }
