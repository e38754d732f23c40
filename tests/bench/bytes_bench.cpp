// What it costs to take a packet from the pool, to share bytes, to parse and emit a header, and to handle addresses,
// beside what one would use otherwise: malloc, std::shared_ptr, a count that is not atomic, Asio's addresses.
#include <benchmark/benchmark.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/wire.hpp"

namespace ghostnet {
namespace {

constexpr std::size_t kPacketBytes = 2048;

void pool_take_and_return(benchmark::State& state) {
  PacketPool pool({.buffer_bytes = kPacketBytes, .max_buffers = 4});
  for (auto _ : state) {
    auto packet = pool.take(64);
    benchmark::DoNotOptimize(packet->data());
  }
}
BENCHMARK(pool_take_and_return);

// As a receiver does: a batch is held before any of it is dropped.
void pool_take_64_then_return_64(benchmark::State& state) {
  PacketPool pool({.buffer_bytes = kPacketBytes, .max_buffers = 64});
  std::vector<PacketBuf> held(64);
  for (auto _ : state) {
    for (PacketBuf& packet : held) packet = std::move(*pool.take(64));
    for (PacketBuf& packet : held) packet = PacketBuf();
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(pool_take_64_then_return_64);

void heap_buffer_make_and_drop(benchmark::State& state) {
  for (auto _ : state) {
    PacketBuf packet = PacketBuf::with_room(64, kPacketBytes - 64);
    benchmark::DoNotOptimize(packet.data());
  }
}
BENCHMARK(heap_buffer_make_and_drop);

void rival_malloc_and_free(benchmark::State& state) {
  for (auto _ : state) {
    void* memory = std::malloc(kPacketBytes);
    benchmark::DoNotOptimize(memory);
    std::free(memory);
  }
}
BENCHMARK(rival_malloc_and_free);

void rival_unique_vector(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<std::uint8_t> memory(kPacketBytes);
    benchmark::DoNotOptimize(memory.data());
  }
}
BENCHMARK(rival_unique_vector);

void packet_prepend_append_trim(benchmark::State& state) {
  PacketBuf packet = PacketBuf::with_room(64, 512);
  for (auto _ : state) {
    benchmark::DoNotOptimize(packet.prepend(16).data());
    benchmark::DoNotOptimize(packet.append(16).data());
    packet.trim_front(16);
    packet.trim_back(16);
  }
}
BENCHMARK(packet_prepend_append_trim);

// A copy made and dropped, by what counts the sharers.
template <class Shared>
void copy_and_drop(benchmark::State& state, const Shared& original) {
  for (auto _ : state) {
    Shared copy = original;
    benchmark::DoNotOptimize(copy);
  }
}

// Bytes with a plain count: what atomicity costs.
class PlainCounted {
 public:
  explicit PlainCounted(Bytes bytes) : block_(new Block{1, std::move(bytes)}) {}
  PlainCounted(const PlainCounted& other) : block_(other.block_) { ++block_->sharers; }
  PlainCounted& operator=(const PlainCounted&) = delete;
  ~PlainCounted() {
    if (--block_->sharers == 0) delete block_;
  }

 private:
  struct Block {
    std::uint32_t sharers;
    Bytes bytes;
  };
  Block* block_;
};

void bytes_copy_and_drop(benchmark::State& state) { copy_and_drop(state, Bytes::copy_of("a message")); }
BENCHMARK(bytes_copy_and_drop);
void rival_plain_count_copy_and_drop(benchmark::State& state) {
  copy_and_drop(state, PlainCounted(Bytes::copy_of("a message")));
}
BENCHMARK(rival_plain_count_copy_and_drop);
void rival_shared_ptr_copy_and_drop(benchmark::State& state) {
  // libstdc++ counts without locked instructions until a process has started a thread, as every program of ours has.
  std::async(std::launch::async, [] {}).get();
  copy_and_drop(state, std::make_shared<const std::vector<std::uint8_t>>(9));
}
BENCHMARK(rival_shared_ptr_copy_and_drop);
void bytes_move(benchmark::State& state) {
  Bytes here = Bytes::copy_of("a message");
  Bytes there;
  for (auto _ : state) {
    there = std::move(here);
    benchmark::DoNotOptimize(there);
    here = std::move(there);
    benchmark::DoNotOptimize(here);
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(bytes_move);

// One message to eight peers, then forgotten.
void bytes_fan_out_to_8(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(1024, 7);
  std::array<Bytes, 8> peers;
  for (auto _ : state) {
    Bytes message = Bytes::copy_of(payload);
    for (Bytes& peer : peers) peer = message;
    message = Bytes();
    for (Bytes& peer : peers) peer = Bytes();
  }
  state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK(bytes_fan_out_to_8);

void rival_copy_1_KiB_to_8(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(1024, 7);
  std::array<std::vector<std::uint8_t>, 8> peers;
  for (auto _ : state) {
    for (auto& peer : peers) peer = std::vector<std::uint8_t>(payload);
    for (auto& peer : peers) peer = {};
  }
  state.SetItemsProcessed(state.iterations() * 8);
}
BENCHMARK(rival_copy_1_KiB_to_8);

void bytes_slice(benchmark::State& state) {
  const Bytes whole = Bytes::copy_of("a message of some length");
  for (auto _ : state) benchmark::DoNotOptimize(whole.slice(2, 7));
}
BENCHMARK(bytes_slice);

void bytes_copy_of_1_KiB(benchmark::State& state) {
  const std::vector<std::uint8_t> payload(1024, 7);
  for (auto _ : state) benchmark::DoNotOptimize(Bytes::copy_of(payload));
}
BENCHMARK(bytes_copy_of_1_KiB);

void bytes_from_pooled_1_KiB(benchmark::State& state) {
  PacketPool pool({.buffer_bytes = kPacketBytes, .max_buffers = 4});
  for (auto _ : state) {
    PacketBuf packet = std::move(*pool.take(64));
    packet.append(1024);
    benchmark::DoNotOptimize(Bytes::from(std::move(packet)));
  }
}
BENCHMARK(bytes_from_pooled_1_KiB);

void bytes_from_heap_1_KiB(benchmark::State& state) {
  for (auto _ : state) {
    PacketBuf packet = PacketBuf::with_room(64, 1024);
    packet.append(1024);
    benchmark::DoNotOptimize(Bytes::from(std::move(packet)));
  }
}
BENCHMARK(bytes_from_heap_1_KiB);

void hash_of_32_bytes(benchmark::State& state) {
  std::array<std::uint8_t, 32> id{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(id);
    benchmark::DoNotOptimize(hash_of(id));
  }
}
BENCHMARK(hash_of_32_bytes);

// Twelve fields, as an IPv4 and a UDP header have them: 28 bytes.
struct Headers {
  std::uint8_t version, tos, ttl, protocol;
  std::uint16_t length, id, fragment, checksum, from_port, to_port, udp_length, udp_checksum;
  std::uint32_t from, to;
};

Result<Headers> parse_headers(ByteView view) {
  ByteReader in(view);
  Headers h;
  h.version = in.u8();
  h.tos = in.u8();
  h.length = in.u16();
  h.id = in.u16();
  h.fragment = in.u16();
  h.ttl = in.u8();
  h.protocol = in.u8();
  h.checksum = in.u16();
  h.from = in.u32();
  h.to = in.u32();
  h.from_port = in.u16();
  h.to_port = in.u16();
  h.udp_length = in.u16();
  h.udp_checksum = in.u16();
  in.expect(h.version == 0x45, "version 4 and five words");
  if (auto done = in.check("headers"); !done) return fail(done);
  return h;
}

// The least there can be: one check of the length, and no message.
Result<Headers> parse_headers_unchecked(ByteView view) {
  if (view.size() < 28 || view[0] != 0x45) return fail(Errc::malformed);
  const std::uint8_t* p = view.data();
  Headers h;
  h.version = p[0];
  h.tos = p[1];
  h.length = load_be<std::uint16_t>(p + 2);
  h.id = load_be<std::uint16_t>(p + 4);
  h.fragment = load_be<std::uint16_t>(p + 6);
  h.ttl = p[8];
  h.protocol = p[9];
  h.checksum = load_be<std::uint16_t>(p + 10);
  h.from = load_be<std::uint32_t>(p + 12);
  h.to = load_be<std::uint32_t>(p + 16);
  h.from_port = load_be<std::uint16_t>(p + 20);
  h.to_port = load_be<std::uint16_t>(p + 22);
  h.udp_length = load_be<std::uint16_t>(p + 24);
  h.udp_checksum = load_be<std::uint16_t>(p + 26);
  return h;
}

template <Result<Headers> (*parse)(ByteView)>
void parse_14_fields(benchmark::State& state) {
  std::array<std::uint8_t, 64> packet{0x45};
  for (auto _ : state) {
    benchmark::DoNotOptimize(packet);
    benchmark::DoNotOptimize(parse(packet));
  }
}
BENCHMARK(parse_14_fields<parse_headers>)->Name("read_14_fields");
BENCHMARK(parse_14_fields<parse_headers_unchecked>)->Name("rival_read_14_fields_by_hand");

void write_14_fields(benchmark::State& state) {
  std::array<std::uint8_t, 64> packet{};
  Headers h{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(h);
    ByteWriter out(packet);
    out.u8(h.version);
    out.u8(h.tos);
    out.u16(h.length);
    out.u16(h.id);
    out.u16(h.fragment);
    out.u8(h.ttl);
    out.u8(h.protocol);
    out.u16(h.checksum);
    out.u32(h.from);
    out.u32(h.to);
    out.u16(h.from_port);
    out.u16(h.to_port);
    out.u16(h.udp_length);
    out.u16(h.udp_checksum);
    benchmark::DoNotOptimize(out.finish("headers"));
    benchmark::DoNotOptimize(packet);
  }
}
BENCHMARK(write_14_fields);

template <std::uint64_t (ByteReader::*read)()>
void read_varints(benchmark::State& state) {
  std::array<std::uint8_t, 64> wire{};
  for (std::size_t i = 0; i + 1 < wire.size(); i += 2) store_be(&wire[i], std::uint16_t{0x7b3d});
  if (read != &ByteReader::quic_varint) {
    for (std::size_t i = 0; i + 1 < wire.size(); i += 2) store_be(&wire[i], std::uint16_t{0xac02});
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(wire);
    ByteReader in(wire);
    std::uint64_t sum = 0;
    while (in.more()) sum += (in.*read)();
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 32);
}
BENCHMARK(read_varints<&ByteReader::quic_varint>)->Name("read_quic_varint_of_2_bytes");
BENCHMARK(read_varints<&ByteReader::leb128>)->Name("read_leb128_of_2_bytes");

void endpoint_compare(benchmark::State& state) {
  Endpoint a(IpAddress::v6(0x2001'0db8'0000'0000, 1), 443);
  Endpoint b = a;
  for (auto _ : state) {
    benchmark::DoNotOptimize(a);
    benchmark::DoNotOptimize(b);
    benchmark::DoNotOptimize(a == b);
  }
}
BENCHMARK(endpoint_compare);

void rival_asio_endpoint_compare(benchmark::State& state) {
  boost::asio::ip::udp::endpoint a(boost::asio::ip::make_address("2001:db8::1"), 443);
  boost::asio::ip::udp::endpoint b = a;
  for (auto _ : state) {
    benchmark::DoNotOptimize(a);
    benchmark::DoNotOptimize(b);
    benchmark::DoNotOptimize(a == b);
  }
}
BENCHMARK(rival_asio_endpoint_compare);

void endpoint_hash(benchmark::State& state) {
  Endpoint endpoint(IpAddress::v6(0x2001'0db8'0000'0000, 1), 443);
  for (auto _ : state) {
    benchmark::DoNotOptimize(endpoint);
    benchmark::DoNotOptimize(endpoint.hash());
  }
}
BENCHMARK(endpoint_hash);

void find_endpoint_among_1000(benchmark::State& state) {
  std::unordered_map<Endpoint, int> table;
  for (std::uint32_t i = 0; i < 1000; ++i) table.emplace(Endpoint(IpAddress::v4(0x0a00'0000 + i), 4001), i);
  std::uint32_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(Endpoint(IpAddress::v4(0x0a00'0000 + ++i % 1000), 4001)));
}
BENCHMARK(find_endpoint_among_1000);

constexpr std::string_view kV6 = "2001:db8::8:800:200c:417a";

void address_parse(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(IpAddress::parse(kV6));
}
BENCHMARK(address_parse);
void rival_asio_address_parse(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(boost::asio::ip::make_address(kV6));
}
BENCHMARK(rival_asio_address_parse);

void address_print(benchmark::State& state) {
  const IpAddress address = IpAddress::parse(kV6).value();
  for (auto _ : state) benchmark::DoNotOptimize(address.to_string());
}
BENCHMARK(address_print);
void rival_asio_address_print(benchmark::State& state) {
  const auto address = boost::asio::ip::make_address(kV6);
  for (auto _ : state) benchmark::DoNotOptimize(address.to_string());
}
BENCHMARK(rival_asio_address_print);

}  // namespace
}  // namespace ghostnet
