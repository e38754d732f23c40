// TextDnsServer: a DNS server of TXT records on a host, for tests: over UDP and TCP, and as badly brought up as wished.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::support {

class TextDnsServer {
 public:
  enum class Manner : std::uint8_t { good, silent, refusing, truncating, forging };

  // Listens at `at`; the host outlives it.
  TextDnsServer(Host& host, const Endpoint& at) : scope_(host.loop()) {
    socket_ = std::move(*host.open_udp({.local = at}));
    listener_ = std::move(*host.listen({.local = at}));
    scope_.spawn(serve_udp());
    scope_.spawn(serve_tcp());
  }

  std::map<std::string, std::vector<std::string>> texts;  // by name, small letters
  Manner manner = Manner::good;
  std::size_t asked_udp = 0;
  std::size_t asked_tcp = 0;

 private:
  Task<> serve_udp() {
    while (true) {
      const Result<ReceivedDatagram> question = co_await socket_->recv();
      if (!question) co_return;
      ++asked_udp;
      if (manner == Manner::silent) continue;
      if (manner == Manner::forging) {  // an answer to the same question with another id, before the right one
        std::vector<std::uint8_t> forged = answer(question->data.view(), false);
        forged[0] ^= 1;
        static_cast<void>(socket_->send_to(question->peer, forged));
      }
      const std::vector<std::uint8_t> said = answer(question->data.view(), manner == Manner::truncating);
      static_cast<void>(socket_->send_to(question->peer, said));
    }
  }

  Task<> serve_tcp() {
    while (true) {
      Result<std::unique_ptr<Stream>> stream = co_await listener_->accept();
      if (!stream) co_return;
      ++asked_tcp;
      std::array<std::uint8_t, 2> length;
      if (!co_await (*stream)->read_exactly(length)) continue;
      std::vector<std::uint8_t> question(load_be<std::uint16_t>(length.data()));
      if (!co_await (*stream)->read_exactly(question)) continue;
      const std::vector<std::uint8_t> said = answer(question, false);
      store_be(length.data(), static_cast<std::uint16_t>(said.size()));
      if (!co_await (*stream)->write(length)) continue;
      if (!co_await (*stream)->write(said)) continue;
      static_cast<void>((*stream)->shutdown_send());
    }
  }

  // Takes well-formed questions only: it is ours who asks.
  std::vector<std::uint8_t> answer(ByteView question, bool truncated) const {
    std::string name;
    std::size_t at = 12;
    for (; question[at] != 0; at += 1u + question[at]) {
      name += (name.empty() ? "" : ".") + std::string(as_text(question.subspan(at + 1, question[at])));
    }
    std::vector<std::uint8_t> out(question.begin(), question.begin() + static_cast<std::ptrdiff_t>(at + 5));
    const auto found = texts.find(name);
    out[2] = truncated ? 0x83 : 0x81;
    out[3] = static_cast<std::uint8_t>(manner == Manner::refusing ? 5 : found == texts.end() ? 3 : 0);
    out[7] = out[11] = 0;
    if (truncated || out[3] != 0) return out;
    out[7] = static_cast<std::uint8_t>(found->second.size());
    for (const std::string& text : found->second) {
      const std::uint8_t head[] = {0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0};
      out.insert(out.end(), std::begin(head), std::end(head));
      out.push_back(static_cast<std::uint8_t>(text.size() + 1));
      out.push_back(static_cast<std::uint8_t>(text.size()));
      out.insert(out.end(), text.begin(), text.end());
    }
    return out;
  }

  std::unique_ptr<UdpSocket> socket_;
  std::unique_ptr<Listener> listener_;
  Scope scope_;
};

}  // namespace ghostnet::support
