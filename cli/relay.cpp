#include "relay.hpp"

#include <vector>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/quantity.hpp"

namespace ghostnet::cli {
namespace {

constexpr std::size_t kPumpBytes = 256 * 1024;

Task<> pump(Stream& from, Stream& to) {
  std::vector<std::uint8_t> buffer(kPumpBytes);
  while (true) {
    const Result<std::size_t> got = co_await from.read(buffer);
    if (!got) co_return to.abort();
    if (*got == 0) break;
    const Result<> written = co_await to.write(ByteView(buffer).first(*got));
    if (!written) co_return from.abort();
  }
  static_cast<void>(to.shutdown_send());
}

Result<std::uint16_t> port_of(std::string_view text) {
  const Result<std::uint64_t> port = parse_unsigned(text);
  if (!port || *port == 0 || *port > 65'535) return fail(Errc::invalid_argument, "'{}' is no port", text);
  return static_cast<std::uint16_t>(*port);
}

}  // namespace

Result<RelayRule> RelayRule::parse(std::string_view text) {
  const std::size_t middle = text.find('=');
  const std::size_t last = text.rfind(':');
  if (middle == text.npos || last == text.npos || last < middle) {
    return fail(Errc::invalid_argument, "'{}': expected [ADDRESS:]PORT=HOST:PORT", text);
  }
  const std::string_view at = text.substr(0, middle);
  std::string_view host = text.substr(middle + 1, last - middle - 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return fail(Errc::invalid_argument, "'{}': no host after =", text);
  RelayRule rule;
  rule.host = host;
  const Result<std::uint16_t> port = port_of(text.substr(last + 1));
  if (!port) return fail(port);
  rule.port = *port;
  if (const Result<Endpoint> endpoint = Endpoint::parse(at)) {
    rule.at = *endpoint;
    return rule;
  }
  const Result<std::uint16_t> own = port_of(at);
  if (!own) return fail(own);
  rule.at = Endpoint(IpAddress::any(IpFamily::v6), *own);
  return rule;
}

Result<std::unique_ptr<Relay>> Relay::open(Host& near, Host& far, const RelayRule& rule) {
  Result<std::unique_ptr<Listener>> listener = near.listen({.local = rule.at});
  if (!listener) return fail(std::move(listener));
  return std::unique_ptr<Relay>(new Relay(near, far, rule, std::move(*listener)));
}

Relay::Relay(Host& near, Host& far, RelayRule rule, std::unique_ptr<Listener> listener)
    : far_(far),
      rule_(std::move(rule)),
      listener_(std::move(listener)),
      carrying_(near.loop()),
      accepting_(near.loop()) {
  accepting_.spawn(accept_all());
}

Task<> Relay::accept_all() {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener_->accept();
    if (stream) {
      carrying_.spawn(carry(std::move(*stream)));
    } else if (stream.error() == Errc::closed) {
      co_return;
    } else {
      co_await far_.clock().sleep(100ms);  // too many files: some will be closed
    }
  }
}

Task<> Relay::carry(std::unique_ptr<Stream> near) {
  const Result<std::vector<IpAddress>> addresses = co_await far_.resolve(rule_.host);
  if (!addresses || addresses->empty()) co_return;
  Result<std::unique_ptr<Stream>> far = fail(Errc::unreachable);
  for (const IpAddress& address : *addresses) {
    far = co_await far_.connect({.peer = Endpoint(address, rule_.port)});
    if (far) break;
  }
  if (!far) co_return;  // the near one is reset
  co_await all_of(pump(*near, **far), pump(**far, *near));
}

}  // namespace ghostnet::cli
