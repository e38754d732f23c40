#include "ghostnet/capture/pcapng.hpp"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <limits>
#include <utility>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::capture {
namespace {

__extension__ using Wide = __int128;

// draft-ietf-opsawg-pcapng 10.1
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kInterfaceStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;

constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d;
constexpr std::uint16_t kMajorVersion = 1;
constexpr std::uint64_t kUnknownLength = std::numeric_limits<std::uint64_t>::max();

// Option codes, each within the block that its prefix names (3.5, 4.1, 4.2, 4.3, 4.6).
constexpr std::uint16_t kEndOfOptions = 0;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kShbHardware = 2;
constexpr std::uint16_t kShbOs = 3;
constexpr std::uint16_t kShbApplication = 4;
constexpr std::uint16_t kIfName = 2;
constexpr std::uint16_t kIfDescription = 3;
constexpr std::uint16_t kIfResolution = 9;
constexpr std::uint16_t kIfOffset = 14;
constexpr std::uint16_t kEpbFlags = 2;
constexpr std::uint16_t kEpbDropCount = 4;
constexpr std::uint16_t kIsbReceived = 4;
constexpr std::uint16_t kIsbDropped = 5;

constexpr std::uint8_t kNanoseconds = 9;
constexpr std::uint8_t kMicroseconds = 6;  // where a description says nothing
constexpr std::uint8_t kPowerOfTwo = 0x80;

constexpr std::size_t kBlockOverhead = 12;  // type, length, length again
constexpr std::size_t kSectionBytes = 16;
constexpr std::size_t kInterfaceBytes = 8;
constexpr std::size_t kEnhancedPacketBytes = 20;
constexpr std::size_t kSimplePacketBytes = 4;
constexpr std::size_t kStatisticsBytes = 12;

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 3) & ~std::size_t{3}; }

// Room for a block with these parts and every numeric option: more than enough.
constexpr std::size_t room_for(std::initializer_list<std::size_t> parts) {
  std::size_t bytes = 128;
  for (const std::size_t part : parts) bytes += padded(part) + 4;
  return bytes;
}

Result<> check_text(std::string_view what, std::string_view text) {
  if (text.size() <= kMaxOptionBytes) return {};
  return fail(Errc::limit, "pcapng: a {} of {} bytes, where an option holds {}", what, text.size(), kMaxOptionBytes);
}

// One block in the making, little-endian. The length stands at both ends (3.1).
class BlockWriter : public ByteWriter {
 public:
  BlockWriter(MutableByteView room, std::uint32_t type) : ByteWriter(room), room_(room) {
    u32_le(type);
    u32_le(0);  // close() knows
  }

  // 4.3: the upper half first, whatever the byte order.
  void time(WallTime time) {
    const auto ns = static_cast<std::uint64_t>(time.time_since_epoch().count());
    u32_le(static_cast<std::uint32_t>(ns >> 32));
    u32_le(static_cast<std::uint32_t>(ns));
  }
  void padded_bytes(ByteView value) {
    bytes(value);
    zeros(padded(value.size()) - value.size());
  }
  void option(std::uint16_t code, ByteView value) {
    u16_le(code);
    u16_le(static_cast<std::uint16_t>(value.size()));
    padded_bytes(value);
  }
  void text_option(std::uint16_t code, std::string_view value) {
    if (!value.empty()) option(code, as_bytes(value));
  }
  void u64_option(std::uint16_t code, std::optional<std::uint64_t> value) {
    if (!value) return;
    u16_le(code);
    u16_le(sizeof *value);
    u64_le(*value);
  }
  void end_options() { u32_le(kEndOfOptions); }

  ByteView close() {
    const auto length = static_cast<std::uint32_t>(position() + sizeof(std::uint32_t));
    u32_le(length);
    store_le(&room_[sizeof length], length);
    return written();
  }

 private:
  MutableByteView room_;
};

}  // namespace

PcapngWriter::PcapngWriter(ByteSink out, PcapngWriterOptions options)
    : out_(std::move(out)), buffer_bytes_(options.buffer_bytes) {
  for (std::string* text : {&options.hardware, &options.os, &options.application, &options.comment}) {
    text->resize(std::min(text->size(), kMaxOptionBytes));
  }
  BlockWriter block(
      room(room_for({options.hardware.size(), options.os.size(), options.application.size(), options.comment.size()})),
      kSectionHeader);
  block.u32_le(kByteOrderMagic);
  block.u16_le(kMajorVersion);
  block.u16_le(0);
  block.u64_le(kUnknownLength);
  block.text_option(kComment, options.comment);
  block.text_option(kShbHardware, options.hardware);
  block.text_option(kShbOs, options.os);
  block.text_option(kShbApplication, options.application);
  block.end_options();
  used_ += block.close().size();
}

Result<std::uint32_t> PcapngWriter::add_interface(const Interface& interface) {
  if (!status_) return fail(status_);
  if (snap_bytes_.size() >= kMaxInterfaces) return fail(Errc::limit, "pcapng: more than {} interfaces", kMaxInterfaces);
  if (auto fits = check_text("name", interface.name); !fits) return fail(fits);
  if (auto fits = check_text("description", interface.description); !fits) return fail(fits);

  BlockWriter block(room(room_for({interface.name.size(), interface.description.size()})), kInterfaceDescription);
  block.u16_le(std::to_underlying(interface.link_type));
  block.u16_le(0);
  block.u32_le(interface.snap_bytes);
  block.text_option(kIfName, interface.name);
  block.text_option(kIfDescription, interface.description);
  block.option(kIfResolution, {&kNanoseconds, 1});
  block.end_options();
  if (auto appended = append(block.close()); !appended) return fail(appended);
  snap_bytes_.push_back(interface.snap_bytes);
  return static_cast<std::uint32_t>(snap_bytes_.size() - 1);
}

Result<> PcapngWriter::write(const Packet& packet) {
  if (auto checked = check(packet.interface, packet.time, packet.comment); !checked) return checked;
  const std::size_t original = packet.original_bytes == 0 ? packet.bytes.size() : packet.original_bytes;
  if (original < packet.bytes.size()) {
    return fail(Errc::invalid_argument, "pcapng: {} bytes captured of a packet of {}", packet.bytes.size(), original);
  }
  const std::uint32_t snap = snap_bytes_[packet.interface];
  const ByteView bytes =
      snap == 0 ? packet.bytes : packet.bytes.first(std::min<std::size_t>(snap, packet.bytes.size()));
  if (bytes.size() > kMaxPacketBytes || original > UINT32_MAX) {
    return fail(Errc::limit, "pcapng: {} bytes of a packet of {}, beyond {}", bytes.size(), original, kMaxPacketBytes);
  }

  BlockWriter block(room(room_for({bytes.size(), packet.comment.size()})), kEnhancedPacket);
  block.u32_le(packet.interface);
  block.time(packet.time);
  block.u32_le(static_cast<std::uint32_t>(bytes.size()));
  block.u32_le(static_cast<std::uint32_t>(original));
  block.padded_bytes(bytes);
  const std::size_t before_options = block.position();
  block.text_option(kComment, packet.comment);
  if (packet.direction != Direction::unknown) {
    const std::uint8_t flags[] = {std::to_underlying(packet.direction), 0, 0, 0};
    block.option(kEpbFlags, flags);
  }
  block.u64_option(kEpbDropCount, packet.dropped);
  if (block.position() != before_options) block.end_options();
  auto appended = append(block.close());
  if (appended) ++packets_;
  return appended;
}

Result<> PcapngWriter::write(const Statistics& statistics) {
  if (auto checked = check(statistics.interface, statistics.time, statistics.comment); !checked) return checked;
  BlockWriter block(room(room_for({statistics.comment.size()})), kInterfaceStatistics);
  block.u32_le(statistics.interface);
  block.time(statistics.time);
  block.text_option(kComment, statistics.comment);
  block.u64_option(kIsbReceived, statistics.received);
  block.u64_option(kIsbDropped, statistics.dropped);
  block.end_options();
  return append(block.close());
}

Result<> PcapngWriter::flush() {
  if (status_ && used_ != 0) status_ = out_(ByteView(buffer_).first(used_));
  used_ = 0;
  return status_;
}

Result<> PcapngWriter::check(std::uint32_t interface, WallTime time, std::string_view comment) const {
  if (!status_) return status_;
  if (interface >= snap_bytes_.size()) {
    return fail(Errc::invalid_argument, "pcapng: interface {}, where {} were added", interface, snap_bytes_.size());
  }
  if (time < WallTime{}) return fail(Errc::invalid_argument, "pcapng: a time before 1970");
  return check_text("comment", comment);
}

MutableByteView PcapngWriter::room(std::size_t bytes) {
  if (buffer_.size() - used_ < bytes) buffer_.resize(used_ + bytes);
  return MutableByteView(buffer_).subspan(used_);
}

Result<> PcapngWriter::append(ByteView block) {
  assert(!block.empty());  // room_for() counts too little
  used_ += block.size();
  return used_ < buffer_bytes_ ? Result<>{} : flush();
}

Result<std::optional<Record>> PcapngReader::next() {
  if (failure_) return std::unexpected(*failure_);
  auto record = read_next();
  if (!record) failure_ = record.error();
  return record;
}

Result<std::optional<Record>> PcapngReader::read_next() {
  while (position_ < trace_.size()) {
    const auto block = read_block();
    if (!block) return fail(block);
    Result<std::optional<Record>> record = std::nullopt;
    switch (block->type) {
      case kSectionHeader: record = read_section(block->body); break;
      case kInterfaceDescription: record = read_interface(block->body); break;
      case kEnhancedPacket: record = read_packet(block->body); break;
      case kSimplePacket: record = read_simple_packet(block->body); break;
      case kInterfaceStatistics: record = read_statistics(block->body); break;
      default: break;
    }
    if (!record) return record;
    position_ += block->body.size() + kBlockOverhead;
    if (*record) return record;
  }
  return std::nullopt;
}

Result<PcapngReader::Block> PcapngReader::read_block() {
  const ByteView rest = trace_.subspan(position_);
  const auto cut_short = [this] {
    return fail(Errc::end_of_stream, "pcapng: cut short in the block at byte {}", position_);
  };
  if (rest.size() < kBlockOverhead) return cut_short();
  // 4.1: a section header reads the same in either order, and what follows its length tells the order of the section.
  const bool starts_section = u32_at(rest, 0) == kSectionHeader;
  if (!starts_section && !in_section_) {
    return fail(Errc::malformed, "pcapng: byte {} does not begin a section: not a pcapng trace", position_);
  }
  if (starts_section) {
    big_endian_ = load_be<std::uint32_t>(&rest[8]) == kByteOrderMagic;
    if (u32_at(rest, 8) != kByteOrderMagic) {
      return fail(Errc::malformed, "pcapng: no byte-order magic in the section at byte {}", position_);
    }
  }
  const std::uint32_t length = u32_at(rest, 4);
  if (length < kBlockOverhead || length % 4 != 0 || length > kMaxBlockBytes) {
    return fail(Errc::malformed, "pcapng: a length of {} in the block at byte {}", length, position_);
  }
  if (rest.size() < length) return cut_short();
  if (u32_at(rest, length - 4) != length) {
    return fail(Errc::malformed, "pcapng: two lengths that differ in the block at byte {}", position_);
  }
  return Block{u32_at(rest, 0), rest.subspan(8, length - kBlockOverhead)};
}

Result<Record> PcapngReader::read_section(ByteView body) {
  if (body.size() < kSectionBytes) return malformed("a section header too short");
  SectionStart section;
  section.major = u16_at(body, 4);
  section.minor = u16_at(body, 6);
  if (section.major != kMajorVersion) {
    return fail(Errc::not_supported, "pcapng: version {}.{}, not {}", section.major, section.minor, kMajorVersion);
  }
  in_section_ = true;
  interfaces_.clear();
  auto read = read_options(body.subspan(kSectionBytes), [&](const Option& option) -> Result<> {
    if (option.code == kComment) section.comment = as_text(option.value);
    if (option.code == kShbHardware) section.hardware = as_text(option.value);
    if (option.code == kShbOs) section.os = as_text(option.value);
    if (option.code == kShbApplication) section.application = as_text(option.value);
    return {};
  });
  if (!read) return fail(read);
  return section;
}

Result<Record> PcapngReader::read_interface(ByteView body) {
  if (body.size() < kInterfaceBytes) return malformed("an interface description too short");
  if (interfaces_.size() >= kMaxInterfaces) {
    return fail(Errc::limit, "pcapng: more than {} interfaces in a section", kMaxInterfaces);
  }
  Interface interface;
  interface.link_type = static_cast<LinkType>(u16_at(body, 0));
  interface.snap_bytes = u32_at(body, 4);
  InterfaceState state{interface.snap_bytes, kMicroseconds, 0};
  auto read = read_options(body.subspan(kInterfaceBytes), [&](const Option& option) -> Result<> {
    if (option.code == kIfName) interface.name = as_text(option.value);
    if (option.code == kIfDescription) interface.description = as_text(option.value);
    if (option.code == kIfResolution) {
      if (option.value.size() != 1) return malformed("a resolution that is not one byte");
      state.resolution = option.value[0];
    }
    if (option.code == kIfOffset) {
      if (option.value.size() != 8) return malformed("a time offset that is not eight bytes");
      state.offset_seconds = static_cast<std::int64_t>(u64_at(option.value, 0));
    }
    return {};
  });
  if (!read) return fail(read);
  interfaces_.push_back(state);
  return interface;
}

Result<Record> PcapngReader::read_packet(ByteView body) {
  if (body.size() < kEnhancedPacketBytes) return malformed("a packet block too short");
  Packet packet;
  packet.interface = u32_at(body, 0);
  const auto time = time_at(body, packet.interface);
  if (!time) return fail(time);
  packet.time = *time;
  const std::uint32_t captured = u32_at(body, 12);
  packet.original_bytes = u32_at(body, 16);
  const ByteView rest = body.subspan(kEnhancedPacketBytes);
  if (captured > rest.size()) return malformed("a packet longer than its block");
  packet.bytes = rest.first(captured);
  auto read = read_options(rest.subspan(padded(captured)), [&](const Option& option) -> Result<> {
    if (option.code == kComment) packet.comment = as_text(option.value);
    if (option.code == kEpbFlags) {
      if (option.value.size() != 4) return malformed("packet flags that are not four bytes");
      const std::uint32_t direction = u32_at(option.value, 0) & 3U;
      packet.direction = direction == 1   ? Direction::inbound
                         : direction == 2 ? Direction::outbound
                                          : Direction::unknown;
    }
    if (option.code == kEpbDropCount) {
      if (option.value.size() != 8) return malformed("a drop count that is not eight bytes");
      packet.dropped = u64_at(option.value, 0);
    }
    return {};
  });
  if (!read) return fail(read);
  return packet;
}

// 4.4: of the first interface, without a time, as long as the block has room for.
Result<Record> PcapngReader::read_simple_packet(ByteView body) {
  if (body.size() < kSimplePacketBytes) return malformed("a simple packet block too short");
  if (interfaces_.empty()) return malformed("a packet before any interface");
  Packet packet;
  packet.original_bytes = u32_at(body, 0);
  const ByteView rest = body.subspan(kSimplePacketBytes);
  const std::uint32_t snap = interfaces_[0].snap_bytes;
  const std::uint32_t captured = snap == 0 ? packet.original_bytes : std::min(snap, packet.original_bytes);
  if (captured > rest.size()) return malformed("a packet longer than its block");
  packet.bytes = rest.first(captured);
  return packet;
}

Result<Record> PcapngReader::read_statistics(ByteView body) {
  if (body.size() < kStatisticsBytes) return malformed("interface statistics too short");
  Statistics statistics;
  statistics.interface = u32_at(body, 0);
  const auto time = time_at(body, statistics.interface);
  if (!time) return fail(time);
  statistics.time = *time;
  auto read = read_options(body.subspan(kStatisticsBytes), [&](const Option& option) -> Result<> {
    if (option.code == kComment) statistics.comment = as_text(option.value);
    if (option.code != kIsbReceived && option.code != kIsbDropped) return {};
    if (option.value.size() != 8) return malformed("a statistic that is not eight bytes");
    (option.code == kIsbReceived ? statistics.received : statistics.dropped) = u64_at(option.value, 0);
    return {};
  });
  if (!read) return fail(read);
  return statistics;
}

// 3.5: options run to the end of the block, or to an end-of-options before it.
template <class Visit>
Result<> PcapngReader::read_options(ByteView options, Visit&& visit) const {
  while (!options.empty()) {
    if (options.size() < 4) return malformed("an option cut short");
    const std::uint16_t code = u16_at(options, 0);
    const std::size_t length = u16_at(options, 2);
    if (code == kEndOfOptions) return {};
    options = options.subspan(4);
    if (padded(length) > options.size()) return malformed("an option longer than its block");
    if (auto visited = visit(Option{code, options.first(length)}); !visited) return visited;
    options = options.subspan(padded(length));
  }
  return {};
}

// In a packet block and in statistics alike: the interface, then the two halves of the timestamp.
Result<WallTime> PcapngReader::time_at(ByteView body, std::uint32_t interface) const {
  if (interface >= interfaces_.size()) return malformed("an interface that was not described");
  const InterfaceState& state = interfaces_[interface];
  const Wide ticks = static_cast<Wide>(std::uint64_t{u32_at(body, 4)} << 32 | u32_at(body, 8));
  Wide ns = 0;
  if ((state.resolution & kPowerOfTwo) != 0) {
    ns = ticks * 1'000'000'000 >> (state.resolution - kPowerOfTwo);
  } else {
    ns = ticks;
    for (unsigned digits = state.resolution; digits < kNanoseconds; ++digits) ns *= 10;
    for (unsigned digits = kNanoseconds; digits < state.resolution && ns != 0; ++digits) ns /= 10;
  }
  ns += static_cast<Wide>(state.offset_seconds) * 1'000'000'000;
  if (ns < std::numeric_limits<std::int64_t>::min() || ns > std::numeric_limits<std::int64_t>::max()) {
    return malformed("a time beyond the year 2262");
  }
  return WallTime{Duration{static_cast<std::int64_t>(ns)}};
}

std::unexpected<Error> PcapngReader::malformed(std::string_view what) const {
  return fail(Errc::malformed, "pcapng: {} in the block at byte {}", what, position_);
}

template <class Integer>
Integer PcapngReader::load(ByteView bytes, std::size_t at) const {
  const std::uint8_t* const from = bytes.subspan(at, sizeof(Integer)).data();
  return big_endian_ ? load_be<Integer>(from) : load_le<Integer>(from);
}

}  // namespace ghostnet::capture
