#include "ghostnet/runtime/host.hpp"

namespace ghostnet {

Result<std::unique_ptr<Listener>> Host::listen_local(const std::string& path) {
  return fail(Errc::not_supported, "listening at {}: this world has no sockets by path", path);
}

Task<Result<std::unique_ptr<Stream>>> Host::connect_local(std::string path) {
  co_return fail(Errc::not_supported, "connecting to {}: this world has no sockets by path", path);
}

}  // namespace ghostnet
