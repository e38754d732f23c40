// MetricsEndpoint: answers GET /metrics over HTTP/1.1 with a text that is made for each answer.
//
// One request a connection; whoever is slower than kPatience, says more than kMaxRequestBytes, or comes as one more
// than kMaxConnections is cut off. The host and `text` outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/scope.hpp"

namespace ghostnet::cli {

class MetricsEndpoint {
 public:
  static constexpr Duration kPatience = 5s;
  static constexpr std::size_t kMaxRequestBytes = 8 * 1024;
  static constexpr std::size_t kMaxConnections = 16;

  // Errors: those of Host::listen().
  static Result<std::unique_ptr<MetricsEndpoint>> open(Host& host, const Endpoint& at,
                                                       std::function<std::string()> text);

  Endpoint local() const { return listener_->local(); }

 private:
  MetricsEndpoint(Host& host, std::unique_ptr<Listener> listener, std::function<std::string()> text);

  Task<> accept_all();
  Task<> serve(std::unique_ptr<Stream> stream);
  Task<Result<>> answer(Stream& stream);

  Host& host_;
  std::unique_ptr<Listener> listener_;
  std::function<std::string()> text_;
  Scope connections_;
  Scope accepting_;
};

}  // namespace ghostnet::cli
