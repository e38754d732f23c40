#include "ghostnet/runtime/host.hpp"

namespace ghostnet {

Result<std::unique_ptr<Listener>> Host::listen_local(const std::string& path) {
  return fail(Errc::not_supported, "listening at {}: this world has no sockets by path", path);
}

Task<Result<std::unique_ptr<Stream>>> Host::connect_local(std::string path) {
  co_return fail(Errc::not_supported, "connecting to {}: this world has no sockets by path", path);
}

void Host::charge(const CpuWork&) {}

// The second stream begins, for each call, at a place derived from the first one's state and the count of calls. It
// takes nothing from the first: a protocol that draws secrets changes no other draw.
void Host::fill_secret(MutableByteView bytes) {
  const auto [s0, s1] = random_.state();
  Random::derive(s0, s1, ++secrets_drawn_).fill(bytes);
}

}  // namespace ghostnet
