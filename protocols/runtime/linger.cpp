#include "ghostnet/runtime/linger.hpp"

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet {

Task<> deliver_rest(const Clock clock, std::unique_ptr<Stream> stream, PacketBuf rest, Duration limit) {
  auto written = co_await first_of(stream->write(rest.view()), clock.sleep(limit));
  if (written.index() == 0 && std::get<0>(written)) static_cast<void>(stream->shutdown_send());
}

}  // namespace ghostnet
