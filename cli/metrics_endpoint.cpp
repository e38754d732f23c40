#include "metrics_endpoint.hpp"

#include <array>

#include "ghostnet/runtime/combine.hpp"

namespace ghostnet::cli {
namespace {

constexpr Duration kAcceptBackoff = 100ms;

std::string response(std::string_view status, std::string_view type, std::string_view body, bool with_body) {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status,
                     type, body.size(), with_body ? body : std::string_view());
}

// RFC 9112 3: the method and the path, without a query.
std::string respond_to(std::string_view request, const std::function<std::string()>& text) {
  constexpr std::string_view kPlain = "text/plain; charset=utf-8";
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const std::size_t method_end = line.find(' ');
  const std::size_t path_end = line.find(' ', method_end == std::string_view::npos ? line.size() : method_end + 1);
  if (path_end == std::string_view::npos || !line.substr(path_end + 1).starts_with("HTTP/1.")) {
    return response("400 Bad Request", kPlain, "this is no request of HTTP/1.1\n", true);
  }
  const std::string_view method = line.substr(0, method_end);
  std::string_view path = line.substr(method_end + 1, path_end - method_end - 1);
  path = path.substr(0, path.find('?'));
  if (method != "GET" && method != "HEAD") {
    return response("405 Method Not Allowed", kPlain, "there is GET\n", true);
  }
  const bool with_body = method == "GET";
  if (path != "/metrics") return response("404 Not Found", kPlain, "there is /metrics\n", with_body);
  return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", text(), with_body);
}

}  // namespace

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::open(Host& host, const Endpoint& at,
                                                               std::function<std::string()> text) {
  Result<std::unique_ptr<Listener>> listener = host.listen({.local = at});
  if (!listener) return fail(listener);
  return std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(host, std::move(*listener), std::move(text)));
}

MetricsEndpoint::MetricsEndpoint(Host& host, std::unique_ptr<Listener> listener, std::function<std::string()> text)
    : host_(host),
      listener_(std::move(listener)),
      text_(std::move(text)),
      connections_(host.loop()),
      accepting_(host.loop()) {
  accepting_.spawn(accept_all());
}

Task<> MetricsEndpoint::accept_all() {
  while (true) {
    Result<std::unique_ptr<Stream>> stream = co_await listener_->accept();
    if (!stream) {
      if (stream.error() == Errc::closed) co_return;
      co_await host_.clock().sleep(kAcceptBackoff);
    } else if (connections_.size() < kMaxConnections) {
      connections_.spawn(serve(std::move(*stream)));
    }
  }
}

Task<> MetricsEndpoint::serve(std::unique_ptr<Stream> stream) {
  const Result<> answered = co_await with_timeout(host_.clock(), kPatience, answer(*stream));
  if (answered) static_cast<void>(stream->shutdown_send());
}

Task<Result<>> MetricsEndpoint::answer(Stream& stream) {
  std::string request;
  std::array<std::uint8_t, 1024> room;
  while (request.find("\r\n\r\n") == std::string::npos) {
    const Result<std::size_t> read = co_await stream.read(room);
    if (!read) co_return fail(read);
    if (*read == 0) co_return fail(Errc::end_of_stream);
    request += as_text(ByteView(room).first(*read));
    if (request.size() > kMaxRequestBytes) co_return fail(Errc::limit);
  }
  const std::string said = respond_to(request, text_);
  co_return co_await stream.write(as_bytes(said));
}

}  // namespace ghostnet::cli
