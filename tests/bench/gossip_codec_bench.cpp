// The RPC of gossipsub: what decoding costs beside the code that go-libp2p-pubsub has generated for it, and beside a
// copy of the bytes.
#include <chrono>
#include <cstring>
#include <fstream>

#include "bench_row.hpp"
#include "ghostnet/gossipsub/message.hpp"
#include "ghostnet/gossipsub/rpc.hpp"
#include "go_peer.hpp"

namespace ghostnet::gossipsub {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

struct Sample {
  std::string name;
  Bytes encoded;
};

// A signed message as it comes from a peer with an Ed25519 identity.
Bytes message_of(std::size_t bytes) {
  const std::vector<std::uint8_t> from(38, 1), data(bytes, 2), seqno(8, 3), signature(64, 4);
  return NewMessage{.from = from, .data = data, .seqno = seqno, .topic = "news", .signature = signature}.encode();
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (std::size_t bytes : {200u, 1024u, 65'536u}) {
    const Bytes message = message_of(bytes);
    Rpc rpc;
    rpc.publish.push_back(message.view());
    all.push_back({fmt::format("decode a message of {} bytes", bytes), rpc.encode()});
  }
  const std::vector<std::uint8_t> id(46, 5);
  Rpc gossip;
  gossip.ids.assign(200, id);
  gossip.ihave.push_back({.topic = "news", .ids = {.first = 0, .count = 200}});
  all.push_back({"decode an IHAVE of 200 ids", gossip.encode()});
  Rpc unwanted;
  unwanted.idontwant.push_back(id);
  unwanted.idontwant_messages = 1;
  all.push_back({"decode an IDONTWANT of one id", unwanted.encode()});
  return all;
}

constexpr double kFailed = 1e9;  // of a decoder that does not decode: less is better

// Into the parts of the RPC and the fields of its messages: what go-libp2p-pubsub has after Unmarshal.
double ours_ns(const Bytes& encoded, int count) {
  Rpc rpc;
  std::size_t found = 0;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    rpc.clear();
    if (!rpc.parse(encoded.view())) return kFailed;
    for (ByteView message : rpc.publish) {
      const auto parsed = Message::parse(message);
      if (!parsed) return kFailed;
      found += parsed->data.size();
    }
    found += rpc.ids.size() + rpc.idontwant.size();
  }
  const double ns = seconds_since(begun) * 1e9 / count;
  return found == 0 ? kFailed : ns;
}

double copy_ns(const Bytes& encoded, int count) {
  std::vector<std::uint8_t> to(encoded.size());
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    std::memcpy(to.data(), encoded.data(), to.size());
    asm volatile("" : : "r"(to.data()) : "memory");
  }
  return seconds_since(begun) * 1e9 / count;
}

int run(int argc, char** argv) {
  const bench::GoPeer go("libp2p");
  std::vector<bench::BenchRow> rows;
  for (const Sample& sample : samples()) {
    const int count = static_cast<int>(400'000'000 / (2000 + 2 * sample.encoded.size()));
    bench::BenchRow row{.name = sample.name,
                        .unit = "ns",
                        .rival = "go-libp2p-pubsub",
                        .higher_is_better = false,
                        .goal_ratio = 1,
                        .runs = 5,
                        .skipped_reason = go.missing};
    if (!go.missing.empty()) {
      rows.push_back(row);
      continue;
    }
    const std::string file = go.path() + ".rpc";
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(sample.encoded.data()),
               static_cast<std::streamsize>(sample.encoded.size()));
    const std::string words = fmt::format("decode {} {}", file, count);
    rows.push_back(
        bench::compare(row, [&] { return ours_ns(sample.encoded, count); }, [&] { return go.figure(words); }));
    std::remove(file.c_str());
    rows.push_back({.name = fmt::format("  of {} bytes, for each byte", sample.encoded.size()),
                    .value = rows.back().value / static_cast<double>(sample.encoded.size()),
                    .unit = "ns",
                    .rival = "memcpy",
                    .rival_value = copy_ns(sample.encoded, count) / static_cast<double>(sample.encoded.size()),
                    .higher_is_better = false});
  }
  return bench::report(rows, argc, argv);
}

}  // namespace
}  // namespace ghostnet::gossipsub

int main(int argc, char** argv) { return ghostnet::gossipsub::run(argc, argv); }
