// Dial: a TCP connection on its way.
#pragma once

#include <memory>
#include <string>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/realnet/network_namespace.hpp"
#include "ghostnet/realnet/poller.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/sole_waiter.hpp"
#include "ghostnet/runtime/stream.hpp"

namespace ghostnet::realnet {

class LoopbackNetwork;
class World;

// Opens, binds and begins to connect; nothing of it blocks. `congestion_control`: as HostOptions has it.
Result<FileDescriptor> begin_connect(const ConnectOptions& options, const NetworkNamespace* where,
                                     const std::string& congestion_control);

class Dial final : private Watch {
 public:
  Dial(World& world, FileDescriptor fd) : world_(world), fd_(std::move(fd)) {}
  Dial(const Dial&) = delete;
  Dial& operator=(const Dial&) = delete;
  ~Dial();

  Result<> watch();

  class SettledAwaiter;
  // Completes when the attempt has succeeded or failed.
  SettledAwaiter settled();

  // After that, once. `network`: that the stream goes through, or null.
  // `host`: as KernelStream::Origin has it.
  Result<std::unique_ptr<Stream>> finish(const Endpoint& peer, LoopbackNetwork* network, const ghostnet::Host* host);

 private:
  void ready(std::uint32_t events) override;

  World& world_;
  FileDescriptor fd_;
  bool settled_ = false;
  SoleWaiter waiter_;
};

class [[nodiscard]] Dial::SettledAwaiter : public SoleAwaiter<SettledAwaiter, Dial, &Dial::waiter_> {
 public:
  explicit SettledAwaiter(Dial& dial) : SoleAwaiter(dial) {}
  bool await_ready() const { return object_->settled_; }
  void await_resume() { resumed(); }
};

inline Dial::SettledAwaiter Dial::settled() { return SettledAwaiter(*this); }

}  // namespace ghostnet::realnet
