// Service: a protocol at work on one host, as programs, scenarios and tests see every protocol.
//
// A protocol offers one class that derives from Service and has
//   using Options = ...;                                     a struct with kOptions (options.hpp)
//   using Metrics = ...;                                     a metric family (metrics.hpp)
//   static Result<std::unique_ptr<S>> start(const ServiceContext&, Options);
// and, as member functions, the typed operations that it can be asked for. start() opens what it needs and returns a
// service at work, or says why it cannot. Destroying a service is its crash: everything of it is gone at once, and
// peers find out by themselves. stop() is the graceful end, after which it is destroyed.
//
// A service lives on one host and is used by that host's thread of control only; it is gone before its host is. Whoever
// started it owns it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/host_id.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/task.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet {

// Another host, as an operation is given it. `id` is for records; a protocol knows peers by their address.
struct Peer {
  IpAddress address;
  HostId id = kNoHost;

  friend bool operator==(const Peer&, const Peer&) = default;
};

// The hosts on which a service is started, for services that are introduced to others (bootstrap lists, trackers). Not
// their state: who is up is found out by asking.
class Directory {
 public:
  virtual std::size_t size() const = 0;
  virtual Peer at(std::size_t index) const = 0;

 protected:
  ~Directory() = default;
};

class Service;

// The services that run on the same host and were started before, for those that stand on others. They are stopped and
// destroyed in the opposite order.
class Siblings {
 public:
  // Null: it does not run here.
  virtual Service* find(std::string_view name) const = 0;

 protected:
  ~Siblings() = default;
};

// What a service is started with besides its options. Valid as long as the service.
struct ServiceContext {
  ServiceContext(Host& on) : host(on) {}  // NOLINT: a program without a directory has just its host
  ServiceContext(Host& on, const Directory& known) : host(on), directory(&known) {}
  ServiceContext(Host& on, const Directory& known, const Siblings& beside)
      : host(on), directory(&known), siblings(&beside) {}

  Service* sibling(std::string_view name) const { return siblings == nullptr ? nullptr : siblings->find(name); }

  Host& host;
  const Directory* directory = nullptr;  // null: nobody introduces anybody here
  const Siblings* siblings = nullptr;    // null: it runs alone
};

class Service {
 public:
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  // Takes no new work, lets what is under way finish, tells peers what its protocol says, and returns when that is
  // done, at the latest at `deadline`. Called once; until it returns, operations fail with closed.
  virtual Task<> stop(TimePoint deadline) = 0;

 protected:
  Service() = default;
};

}  // namespace ghostnet
