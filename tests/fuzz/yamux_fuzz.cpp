// A yamux engine and whatever a peer sends it, in pieces of any size, while its streams are read, written and dropped.
#include <memory>
#include <vector>

#include "ghostnet/libp2p/yamux_engine.hpp"

namespace {

using namespace ghostnet;          // NOLINT
using namespace ghostnet::libp2p;  // NOLINT

class FuzzStream final : public YamuxStreamState {
  void became_readable() override {}
  void became_writable() override {}
};

class FuzzDriver final : public YamuxEngine::Driver {
 public:
  YamuxStreamState* accept_stream() override {
    streams.push_back(std::make_unique<FuzzStream>());
    return streams.back().get();
  }
  void has_output() override {}
  std::vector<std::unique_ptr<FuzzStream>> streams;
};

// What our side does between two pieces, by a byte of the input.
void act(FuzzDriver& driver, YamuxEngine& engine, std::uint8_t what, TimePoint now) {
  if (what % 7 == 0) {
    auto stream = std::make_unique<FuzzStream>();
    if (engine.open(*stream)) driver.streams.push_back(std::move(stream));
  }
  if (driver.streams.empty()) return;
  const auto at = driver.streams.begin() + what % static_cast<std::ptrdiff_t>(driver.streams.size());
  std::uint8_t room[300];
  const ByteView part(room, 0);
  const std::uint8_t letters[3] = {'a', 'b', 'c'};
  const ByteView text(letters);
  switch (what % 5) {
    case 0: static_cast<void>((*at)->take(room, now)); break;
    case 1: static_cast<void>((*at)->put(std::span(&text, 1))); break;
    case 2: static_cast<void>((*at)->finish()); break;
    case 3: driver.streams.erase(at); break;
    case 4: static_cast<void>((*at)->put(std::span(&part, 1))); break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const YamuxOptions options{.max_receive_bytes = 4096, .max_send_bytes = 1024, .max_inbound_streams = 8};
  FuzzDriver driver;
  TimePoint now{};
  {
    YamuxEngine engine(YamuxEngine::Side::server, options, driver, now);
    while (size >= 2) {
      const std::uint8_t what = data[0];
      const std::size_t piece = std::min<std::size_t>(data[1] % 40, size - 2);
      now += Duration(std::int64_t{what} * 1'000'000);
      static_cast<void>(engine.receive(ByteView(data + 2, piece), now));
      act(driver, engine, what, now);
      static_cast<void>(engine.on_time(now));
      engine.sent(engine.output().size() / 2);
      data += 2 + piece;
      size -= 2 + piece;
    }
  }
  for (const auto& stream : driver.streams) {
    std::uint8_t room[10];
    static_cast<void>(stream->take(room, now));
  }
  return 0;
}
