// Yamux over loopback TCP, both ends in one process, beside go-yamux as go-libp2p configures it: how fast a stream is,
// and how many can be opened, for each second of the processor, the kernel's part included: neighbours on the machine
// do not count.
#include <memory>

#include "bench_row.hpp"
#include "ghostnet/libp2p/yamux_session.hpp"
#include "ghostnet/realnet/host.hpp"
#include "ghostnet/realnet/world.hpp"
#include "ghostnet/runtime/combine.hpp"
#include "go_peer.hpp"
#include "processor_time.hpp"

namespace ghostnet::libp2p {
namespace {

constexpr std::size_t kStreamBytes = 256 * 1024 * 1024;
constexpr int kOpened = 40'000;
constexpr int kAtOnce = 64;

// Gives each stream that is opened to what is to be done with it.
class Answering final : public YamuxSession::Acceptor {
 public:
  using Deed = Task<> (*)(std::unique_ptr<YamuxStream> stream);
  Answering(Scope& scope, Deed deed) : scope_(scope), deed_(deed) {}
  void inbound(std::unique_ptr<YamuxStream> stream) override { scope_.spawn(deed_(std::move(stream))); }

 private:
  Scope& scope_;
  Deed deed_;
};

Task<> drain(std::unique_ptr<YamuxStream> stream) {
  std::vector<std::uint8_t> room(64 * 1024);
  while (true) {
    const Result<std::size_t> read = co_await stream->read(room);
    if (!read) co_return;
    if (*read == 0) break;
  }
  static_cast<void>(stream->shutdown_send());
}

Task<> echo_byte(std::unique_ptr<YamuxStream> stream) {
  std::uint8_t byte = 0;
  if (!co_await stream->read_exactly({&byte, 1})) co_return;
  if (!co_await stream->write(ByteView(&byte, 1))) co_return;
  static_cast<void>(stream->shutdown_send());
}

// Each adds to `finished` what came to its end: a figure of anything else says nothing.
Task<> pour(YamuxSession& client, int& finished) {
  Result<std::unique_ptr<YamuxStream>> stream = client.open();
  if (!stream) co_return;
  const std::vector<std::uint8_t> chunk(64 * 1024);
  for (std::size_t sent = 0; sent < kStreamBytes; sent += chunk.size()) {
    if (!co_await (*stream)->write(chunk)) co_return;
  }
  static_cast<void>((*stream)->shutdown_send());
  std::uint8_t end = 0;
  const Result<std::size_t> read = co_await (*stream)->read({&end, 1});
  if (read && *read == 0) ++finished;
}

Task<> open_again_and_again(YamuxSession& client, int times, int& finished) {
  std::uint8_t byte = 0;
  for (int i = 0; i < times; ++i) {
    Result<std::unique_ptr<YamuxStream>> stream = client.open();
    if (!stream) co_return;
    if (!co_await (*stream)->write(ByteView(&byte, 1))) co_return;
    if (!co_await (*stream)->read_exactly({&byte, 1})) co_return;
    static_cast<void>((*stream)->shutdown_send());
    ++finished;
  }
}

Task<> open_many(YamuxSession& client, int& finished) {
  std::vector<Task<>> all;
  for (int i = 0; i < kAtOnce; ++i) all.push_back(open_again_and_again(client, kOpened / kAtOnce, finished));
  co_await all_of(std::move(all));
}

Task<> run_session(YamuxSession& session) { static_cast<void>(co_await session.run()); }

using Ask = Task<> (*)(YamuxSession&, int&);

Task<> between_two(Host& host, Listener& listener, Answering::Deed answer, Ask ask, int& finished) {
  auto ends = co_await all_of(host.connect({.peer = listener.local()}), listener.accept());
  auto& [near, far] = ends;
  if (!near || !far) co_return;
  const YamuxOptions options;
  NodeMetrics& metrics = host.metrics().family<NodeMetrics>();
  const auto info = [](Direction direction) {
    return std::make_shared<const ConnectionInfo>(ConnectionInfo{.direction = direction});
  };
  Scope streams(host.loop());
  Answering answering(streams, answer);
  YamuxSession client(host, std::move(*near), info(Direction::outbound), options, metrics, answering);
  YamuxSession server(host, std::move(*far), info(Direction::inbound), options, metrics, answering);
  Scope sessions(host.loop());
  sessions.spawn(run_session(client));
  sessions.spawn(run_session(server));
  co_await ask(client, finished);
  sessions.drop_all();
  streams.drop_all();
}

// How much a second; 0 where not all that was wanted came to its end.
double rate_of(double amount, int wanted, Answering::Deed answer, Ask ask) {
  int finished = 0;
  auto world = realnet::World::create();
  realnet::Host host(**world, {.name = "bench"});
  auto listener = host.listen({.local = Endpoint(IpAddress::v4(127, 0, 0, 1), 0)});
  const double begun = bench::processor_seconds();
  (*world)->run(between_two(host, **listener, answer, ask, finished));
  return finished == wanted ? amount / (bench::processor_seconds() - begun) : 0;
}

int run(int argc, char** argv) {
  const bench::GoPeer go("libp2p");
  std::vector<bench::BenchRow> rows{{.name = "a stream over yamux", .unit = "Mbit/s"},
                                    {.name = fmt::format("streams opened, {} at once", kAtOnce), .unit = "streams/s"}};
  for (bench::BenchRow& row : rows) {
    row.rival = "go-yamux";
    row.goal_ratio = 1;
    row.runs = 5;
    row.skipped_reason = go.missing;
  }
  if (go.missing.empty()) {
    rows[0] = bench::compare(
        rows[0], [] { return rate_of(8e-6 * kStreamBytes, 1, drain, pour); },
        [&] { return go.figure(fmt::format("yamux-stream {}", kStreamBytes)); });
    rows[1] = bench::compare(
        rows[1], [] { return rate_of(kOpened, kOpened, echo_byte, open_many); },
        [&] { return go.figure(fmt::format("yamux-open {} {}", kOpened, kAtOnce)); });
  }
  return bench::report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::libp2p

int main(int argc, char** argv) { return ghostnet::libp2p::run(argc, argv); }
