// Host: the only capability that a protocol is given.
//
// Everything a protocol may touch of the world comes through its Host: time, chance, names, sockets, a place to run its
// tasks, a place to count and to write. There are no globals and no singletons; main wires. A Host is one thread of
// control (many hosts share a thread): it never blocks and never locks. It has several implementations, sim::Host,
// realnet::Host and later ip::Host, between which a protocol cannot tell the difference.
//
// A host that goes down drops its scope: every task on it ends where it stands. Whatever a Host hands out (sockets,
// streams, views) is gone before the Host is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/clock.hpp"
#include "ghostnet/runtime/compute.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/log.hpp"
#include "ghostnet/runtime/metrics.hpp"
#include "ghostnet/runtime/random.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/scope.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/sync.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet {

struct InterfaceAddress {
  IpAddress address;
  std::uint8_t prefix_bits = 0;

  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

struct Interface {
  InterfaceIndex index = 0;
  std::string name{};
  bool up = false;
  bool loopback = false;
  bool multicast = false;
  std::uint32_t mtu_bytes = 0;
  std::vector<InterfaceAddress> addresses{};

  friend bool operator==(const Interface&, const Interface&) = default;
};

class Observer;

// What the hosts of one world and one thread share. Owned by the world; outlives its hosts.
struct HostContext {
  Loop& loop;
  MetricHub& metrics;
  LogHub& log;
  Observer* observer = nullptr;  // null: nobody looks
};

class Host {
 public:
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  virtual ~Host() = default;

  HostId id() const { return id_; }
  virtual std::string name() const = 0;

  const Clock& clock() const { return clock_; }
  TimePoint now() const { return clock_.now(); }
  // This host's own stream of chance. Not for secrets.
  Random& random() { return random_; }
  // Bytes for keys and nonces: live from the system, which nobody can foresee; in a simulation from a second stream of
  // this host's own, so that runs repeat. Protocols draw through crypto::HostRandom.
  virtual void fill_secret(MutableByteView bytes);
  Log log() const { return context_.log.host(id_); }
  Metrics metrics() const { return context_.metrics.host(id_, group_); }
  // The tasks of this host; a failure among them is logged and counted.
  Scope& scope() { return scope_; }
  Loop& loop() const { return context_.loop; }
  // Who is told what may be seen of this host (observer.hpp); null: nobody.
  Observer* observer() const { return context_.observer; }

  virtual std::vector<Interface> interfaces() const = 0;
  // Completes at the next change of interfaces() after this call. Cancel-safe.
  virtual Event& interfaces_changed() = 0;

  // The addresses of a name, in the order to try them. A literal address is its own answer. Errors: not_found,
  // timed_out, not_supported.
  virtual Task<Result<std::vector<IpAddress>>> resolve(std::string name) = 0;

  // Errors: address_in_use, address_not_available, permission, too_many_files, not_supported; messages name the
  // endpoint.
  virtual Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) = 0;
  virtual Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) = 0;
  // Not cancel-safe: dropping it aborts the attempt. Errors: refused, unreachable, timed_out, address_in_use.
  virtual Task<Result<std::unique_ptr<Stream>>> connect(ConnectOptions options) = 0;

  // Streams between processes of one machine, by path. not_supported where the world has no such thing.
  virtual Result<std::unique_ptr<Listener>> listen_local(const std::string& path);
  virtual Task<Result<std::unique_ptr<Stream>>> connect_local(std::string path);

  // Runs a pure function away from the loop: on a worker thread live, inline in a simulation, where it finishes after
  // the time that the host's CpuModel gives for `work`. The function owns what it touches. Dropping the task
  // abandons the outcome; the function may still run.
  template <class F>
  Task<std::invoke_result_t<F&>> compute(CpuWork work, F function);
  // Work that the running task has just done itself, for the CpuModel of a simulated host: what arrives there waits for
  // it. A live host has paid for it already.
  virtual void charge(const CpuWork& work);

 protected:
  Host(const HostContext& context, HostId id, GroupId group, Random random)
      : context_(context), id_(id), group_(group), clock_(context.loop), random_(random), scope_(context.loop) {}

  // A host that stands over another and shares its world, identity and clock. It draws from a copy of the other's
  // random stream and has a scope of its own; its secrets it takes from the other (fill_secret). The other outlives it.
  struct Over {
    Host& host;
  };
  explicit Host(Over over)
      : context_(over.host.context_),
        id_(over.host.id_),
        group_(over.host.group_),
        clock_(over.host.clock_),
        random_(over.host.random_),
        scope_(over.host.loop()) {}

  virtual void submit(std::shared_ptr<ComputeJob> job) = 0;
  // For a host that stands over another: submit() there.
  static void submit_to(Host& host, std::shared_ptr<ComputeJob> job) { host.submit(std::move(job)); }

  const HostContext& context_;
  HostId id_;
  GroupId group_;
  Clock clock_;
  Random random_;
  std::uint64_t secrets_drawn_ = 0;  // how often
  Scope scope_;
};

template <class F>
Task<std::invoke_result_t<F&>> Host::compute(CpuWork work, F function) {
  auto job = std::make_shared<ComputeJobOf<F>>(loop(), work, std::move(function));
  submit(job);
  co_await job->finished();
  co_return job->take();
}

}  // namespace ghostnet
