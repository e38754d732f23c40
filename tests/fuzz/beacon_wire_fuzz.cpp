// A beacon either fails to parse or comes out again as it went in; an audience survives any.
#include <cstdlib>
#include <vector>

#include "ghostnet/beacon/audience.hpp"
#include "ghostnet/beacon/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;
  const Result<beacon::Message> message = beacon::parse(ByteView(data, size));
  if (!message) return 0;
  std::vector<std::uint8_t> written(message->size_bytes());
  ByteWriter out(written);
  beacon::emit(*message, out);
  if (!out.finish("beacon") || written.size() != size) std::abort();
  const Result<beacon::Message> again = beacon::parse(written);
  if (!again || *again != *message) std::abort();
  beacon::Audience audience(2);
  const Endpoint sender(IpAddress::v4(10, 0, 0, 1), 1);
  audience.on_beacon(sender, {.epoch = message->epoch, .sequence = 7});
  const beacon::Audience::Heard heard = audience.on_beacon(sender, *message);
  if (audience.senders() != 1 || (message->sequence <= 7) != (heard.kind == beacon::Audience::Heard::Kind::late)) {
    std::abort();
  }
  return 0;
}
