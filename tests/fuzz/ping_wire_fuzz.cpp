// A ping message either fails to parse or comes out again as it went in; the prober survives any reply.
#include <cstdlib>
#include <vector>

#include "ghostnet/ping/prober.hpp"
#include "ghostnet/ping/wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet;
  const ByteView bytes(data, size);
  const Result<ping::Message> message = ping::parse(bytes);
  if (!message) return 0;

  std::vector<std::uint8_t> written(message->size_bytes());
  ByteWriter out(written);
  ping::emit(*message, out);
  if (!out.finish("ping message") || written.size() != size) std::abort();
  const Result<ping::Message> again = ping::parse(written);
  if (!again || *again != *message) std::abort();

  ping::Prober prober(message->session, {.probes = 3, .interval = 1ms, .timeout = 1s}, TimePoint{});
  while (prober.next_probe(TimePoint{} + 2ms)) {
  }
  const bool answers = prober.on_reply(*message, TimePoint{} + 3ms).verdict == ping::Prober::Verdict::answer;
  if (prober.received() != (answers ? 1u : 0u) || prober.received() + prober.lost() > prober.sent()) std::abort();
  return 0;
}
