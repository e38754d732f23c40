// pcapng: packet traces that Wireshark and tshark open. After draft-ietf-opsawg-pcapng.
//
// PcapngWriter turns packets into blocks and hands them, buffered, to a ByteSink; it opens no file. It writes one
// section: a Section Header Block, an Interface Description Block for each interface (nanosecond timestamps), Enhanced
// Packet Blocks, and Interface Statistics Blocks on request. Packets of several interfaces need not be in order of
// time.
//
// PcapngReader walks a whole trace that is already in memory (a file read or mapped by its owner) without copying: what
// it returns points into that memory. It reads what other tools write too: either byte order, several sections, any
// timestamp resolution and offset, Simple Packet Blocks; blocks it does not know are skipped. It is total: on any input
// it ends, with end_of_stream where the last block is cut short (a killed run), and otherwise malformed where the
// format is broken, not_supported for another version and limit past a bound below.
//
// A timestamp is a WallTime. A simulation maps the origin of its clock to an instant of its choice, 1970 as a rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ghostnet/runtime/byte_sink.hpp"
#include "ghostnet/runtime/bytes.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/time.hpp"

namespace ghostnet::capture {

// How a packet begins: the link types that we write. Readers may meet others.
enum class LinkType : std::uint16_t {
  null = 0,
  ethernet = 1,
  raw_ip = 101,  // an IPv4 or IPv6 header, told apart by its first four bits
  user0 = 147,   // a protocol of our own
};

// Bounds of the format as we write and read it.
inline constexpr std::size_t kMaxBlockBytes = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxPacketBytes = 256 * 1024;  // written; Wireshark opens no trace with longer ones
inline constexpr std::uint32_t kMaxInterfaces = 1U << 20;   // in one section
inline constexpr std::size_t kMaxOptionBytes = 65'535;

struct Interface {
  std::string_view name{};         // if_name, as a user would call it: "host-7/eth0"
  std::string_view description{};  // if_description
  LinkType link_type = LinkType::raw_ip;
  std::uint32_t snap_bytes = 0;  // packets are cut to this; 0: never
};

enum class Direction : std::uint8_t { unknown, inbound, outbound };

struct Packet {
  std::uint32_t interface = 0;  // number in its section, in order of declaration
  WallTime time{};              // 1970 or later
  ByteView bytes{};
  std::uint32_t original_bytes = 0;  // on the wire; 0: all of `bytes`
  Direction direction = Direction::unknown;
  std::optional<std::uint64_t> dropped{};  // lost by this interface since its packet before
  std::string_view comment{};              // shown by Wireshark beside the packet
};

struct Statistics {
  std::uint32_t interface = 0;
  WallTime time{};
  std::optional<std::uint64_t> received{};
  std::optional<std::uint64_t> dropped{};
  std::string_view comment{};
};

struct PcapngWriterOptions {
  std::string hardware{};
  std::string os{};
  std::string application = "ghostnet";
  std::string comment{};
  std::size_t buffer_bytes = 64 * 1024;  // handed to the sink when full, and by flush()
};

class PcapngWriter {
 public:
  explicit PcapngWriter(ByteSink out, PcapngWriterOptions options = {});
  // What was not flushed is lost: the owner flushes, and learns whether that worked.
  ~PcapngWriter() = default;
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  // The number by which packets name it.
  Result<std::uint32_t> add_interface(const Interface& interface);

  // Fail with invalid_argument for an interface that was not added, a time before 1970 or an original length shorter
  // than the bytes, with limit for more than a block or an option can hold, and with the sink's error for good once the
  // sink failed. A packet that failed was not written.
  Result<> write(const Packet& packet);
  Result<> write(const Statistics& statistics);

  Result<> flush();

  std::uint64_t packets_written() const { return packets_; }

 private:
  Result<> check(std::uint32_t interface, WallTime time, std::string_view comment) const;
  // Free space at the end of the buffer, and what was put there.
  MutableByteView room(std::size_t bytes);
  Result<> append(ByteView block);

  ByteSink out_;
  std::size_t buffer_bytes_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::vector<std::uint32_t> snap_bytes_;  // of each interface
  std::uint64_t packets_ = 0;
  Result<> status_;
};

// What a reader meets, in the order of the trace. The views point into the trace.
struct SectionStart {
  std::uint16_t major = 0;
  std::uint16_t minor = 0;
  std::string_view hardware{};
  std::string_view os{};
  std::string_view application{};
  std::string_view comment{};
};

using Record = std::variant<SectionStart, Interface, Packet, Statistics>;

class PcapngReader {
 public:
  // `trace` outlives the reader and all it returned.
  explicit PcapngReader(ByteView trace) : trace_(trace) {}

  // The next record; nothing at the end. After an error, that error for good.
  Result<std::optional<Record>> next();

  // Where the next block begins: how far a trace that is cut short could be read.
  std::size_t position_bytes() const { return position_; }

 private:
  struct InterfaceState {
    std::uint32_t snap_bytes = 0;
    std::uint8_t resolution = 6;      // if_tsresol as it stands in the trace
    std::int64_t offset_seconds = 0;  // if_tsoffset
  };
  struct Block {
    std::uint32_t type;
    ByteView body;
  };
  struct Option {
    std::uint16_t code;
    ByteView value;
  };

  Result<std::optional<Record>> read_next();
  Result<Block> read_block();
  Result<Record> read_section(ByteView body);
  Result<Record> read_interface(ByteView body);
  Result<Record> read_packet(ByteView body);
  Result<Record> read_simple_packet(ByteView body);
  Result<Record> read_statistics(ByteView body);
  // Calls visit(Option) -> Result<> for each.
  template <class Visit>
  Result<> read_options(ByteView options, Visit&& visit) const;
  Result<WallTime> time_at(ByteView body, std::uint32_t interface) const;
  std::unexpected<Error> malformed(std::string_view what) const;

  template <class Integer>
  Integer load(ByteView bytes, std::size_t at) const;
  std::uint16_t u16_at(ByteView bytes, std::size_t at) const { return load<std::uint16_t>(bytes, at); }
  std::uint32_t u32_at(ByteView bytes, std::size_t at) const { return load<std::uint32_t>(bytes, at); }
  std::uint64_t u64_at(ByteView bytes, std::size_t at) const { return load<std::uint64_t>(bytes, at); }

  ByteView trace_;
  std::size_t position_ = 0;
  bool in_section_ = false;
  bool big_endian_ = false;
  std::vector<InterfaceState> interfaces_;
  std::optional<Error> failure_;
};

}  // namespace ghostnet::capture
