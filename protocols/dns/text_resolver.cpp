#include "ghostnet/dns/text_resolver.hpp"

#include <array>

#include "ghostnet/runtime/combine.hpp"
#include "ghostnet/runtime/text.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::dns {
namespace {

constexpr std::uint16_t kPort = 53;

std::string_view word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
  const std::string_view found = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return found;
}

}  // namespace

std::vector<Endpoint> servers_of(std::string_view resolv_conf) {
  std::vector<Endpoint> servers;
  while (!resolv_conf.empty() && servers.size() < ResolverOptions::kMaxServers) {
    std::string_view line = take_until(resolv_conf, '\n');
    if (word(line) != "nameserver") continue;
    if (const Result<IpAddress> address = IpAddress::parse(word(line))) servers.emplace_back(*address, kPort);
  }
  return servers;
}

std::uint16_t TextResolver::draw_id() {
  std::array<std::uint8_t, 2> id;
  host_.fill_secret(id);  // that nobody can guess it (RFC 5452 4)
  return load_be<std::uint16_t>(id.data());
}

Task<Result<std::vector<std::string>>> TextResolver::texts(std::string name) {
  Error why(Errc::not_supported, "no DNS server is known to ask for {}", name);
  if (Result<std::vector<std::uint8_t>> fits = encode_text_question(0, name); !fits) co_return fail(fits);
  for (std::uint32_t i = 0; i < options_.tries; ++i) {
    for (const Endpoint& server :
         std::span(options_.servers).first(std::min(options_.servers.size(), ResolverOptions::kMaxServers))) {
      Result<TextAnswer> answer = co_await with_timeout(host_.clock(), options_.timeout, ask(server, name));
      if (answer && answer->code == ResponseCode::ok) co_return std::move(answer->texts);
      if (answer && answer->code == ResponseCode::no_such_name)
        co_return fail(Errc::not_found, "no such name: {}", name);
      why = answer ? Error(Errc::protocol, "the DNS server {} refuses: code {}", server.to_string(),
                           static_cast<int>(answer->code))
                   : answer.error().while_doing(fmt::format("asking {} for {}", server.to_string(), name));
    }
  }
  co_return fail(why);
}

Task<Result<TextAnswer>> TextResolver::ask(Endpoint server, std::string name) {
  Result<TextAnswer> answer = co_await ask_udp(server, name);
  if (answer && answer->truncated) co_return co_await ask_tcp(server, std::move(name));
  co_return answer;
}

Task<Result<TextAnswer>> TextResolver::ask_udp(Endpoint server, std::string name) {
  Result<std::unique_ptr<UdpSocket>> socket = host_.open_udp({});
  if (!socket) co_return fail(socket);
  if (Result<> connected = (*socket)->connect(server); !connected) co_return fail(connected);
  const std::uint16_t id = draw_id();
  const Result<std::vector<std::uint8_t>> question = encode_text_question(id, name);
  if (!question) co_return fail(question);
  if (Result<> sent = (*socket)->send_to(server, *question); !sent) co_return fail(sent);
  while (true) {
    const Result<ReceivedDatagram> received = co_await (*socket)->recv();
    if (!received) co_return fail(received);
    Result<TextAnswer> answer = parse_text_answer(received->data.view(), id, name);
    if (answer || answer.error() == Errc::limit) co_return answer;  // else it is late, or forged: wait on
  }
}

Task<Result<TextAnswer>> TextResolver::ask_tcp(Endpoint server, std::string name) {
  const Result<std::unique_ptr<Stream>> stream = co_await host_.connect({.peer = server});
  if (!stream) co_return fail(stream);
  const std::uint16_t id = draw_id();
  const Result<std::vector<std::uint8_t>> question = encode_text_question(id, name);
  if (!question) co_return fail(question);
  // RFC 1035 4.2.2: the length in front, two bytes.
  std::array<std::uint8_t, 2> length;
  store_be(length.data(), static_cast<std::uint16_t>(question->size()));
  const std::array<ByteView, 2> parts = {ByteView(length), ByteView(*question)};
  if (Result<> written = co_await (*stream)->write(parts); !written) co_return fail(written);
  if (Result<> read = co_await (*stream)->read_exactly(length); !read) co_return fail(read);
  std::vector<std::uint8_t> message(load_be<std::uint16_t>(length.data()));
  if (Result<> read = co_await (*stream)->read_exactly(message); !read) co_return fail(read);
  co_return parse_text_answer(message, id, name);
}

}  // namespace ghostnet::dns
