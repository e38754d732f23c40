// Relay: everything that arrives at a port of one host goes on to a port somewhere else, by another host: between our
// stack and the kernel's. A half-closed direction stays closed, a broken one breaks both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::cli {

// "[ADDRESS:]PORT=HOST:PORT". An address that is left out is any of the accepting host's.
struct RelayRule {
  Endpoint at;
  std::string host;
  std::uint16_t port = 0;

  static Result<RelayRule> parse(std::string_view text);
};

class Relay {
 public:
  // Both hosts outlive it. Errors: those of Host::listen().
  static Result<std::unique_ptr<Relay>> open(Host& near, Host& far, const RelayRule& rule);

  Endpoint local() const { return listener_->local(); }

 private:
  Relay(Host& near, Host& far, RelayRule rule, std::unique_ptr<Listener> listener);

  Task<> accept_all();
  Task<> carry(std::unique_ptr<Stream> near);

  Host& far_;
  RelayRule rule_;
  std::unique_ptr<Listener> listener_;
  Scope carrying_;
  Scope accepting_;
};

}  // namespace ghostnet::cli
