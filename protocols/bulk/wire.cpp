#include "ghostnet/bulk/wire.hpp"

namespace ghostnet::bulk {
namespace {

enum class Type : std::uint8_t { open = 1, accept, refuse, data, finish, report };

__extension__ using Wide = unsigned __int128;

struct Header {
  std::uint8_t type;
  std::uint64_t number;
};

Header read_header(ByteReader& in) {
  in.expect(in.u32() == kMagic, "the magic of bulk");
  in.expect(in.u8() == kVersion, "version 1");
  const std::uint8_t type = in.u8();
  in.skip(2);
  return {type, in.u64()};
}

Data read_data(ByteReader& in, std::uint64_t token, std::size_t size_bytes) {
  return {.token = token,
          .sequence = in.u64(),
          .sent_at_ns = static_cast<std::int64_t>(in.u64()),
          .size_bytes = size_bytes};
}

Report read_report(ByteReader& in, std::uint64_t token) {
  Report report{.token = token};
  report.packets = in.u64();
  report.bytes = in.u64();
  report.lost = in.u64();
  report.duplicates = in.u64();
  report.reordered = in.u64();
  report.first_bytes = in.u64();
  report.duration_ns = static_cast<std::int64_t>(in.u64());
  report.jitter_ns = static_cast<std::int64_t>(in.u64());
  in.expect(report.duration_ns >= 0 && report.jitter_ns >= 0, "times of 0 or more");
  in.expect(report.first_bytes <= report.bytes, "no more bytes at first than in all");
  return report;
}

void write_header(ByteWriter& out, Type type, std::uint64_t number) {
  out.u32(kMagic);
  out.u8(kVersion);
  out.u8(static_cast<std::uint8_t>(type));
  out.u16(0);
  out.u64(number);
}

struct Emitter {
  ByteWriter& out;

  void operator()(const Open& open) const {
    write_header(out, Type::open, open.nonce);
    out.zeros(kOpenBytes - kHeaderBytes);
  }
  void operator()(const Accept& accept) const {
    write_header(out, Type::accept, accept.nonce);
    out.u64(accept.token);
  }
  void operator()(const Refuse& refuse) const { write_header(out, Type::refuse, refuse.nonce); }
  void operator()(const Data& data) const {
    write_header(out, Type::data, data.token);
    out.u64(data.sequence);
    out.u64(static_cast<std::uint64_t>(data.sent_at_ns));
    out.zeros(data.size_bytes - kDataHeaderBytes);
  }
  void operator()(const Finish& finish) const {
    write_header(out, Type::finish, finish.token);
    out.u64(finish.packets);
    out.zeros(kReportBytes - kHeaderBytes - 8);
  }
  void operator()(const Report& report) const {
    write_header(out, Type::report, report.token);
    for (const std::uint64_t value :
         {report.packets, report.bytes, report.lost, report.duplicates, report.reordered, report.first_bytes,
          static_cast<std::uint64_t>(report.duration_ns), static_cast<std::uint64_t>(report.jitter_ns)}) {
      out.u64(value);
    }
  }
};

}  // namespace

std::uint64_t Report::goodput_bps() const {
  if (duration_ns == 0) return 0;
  const Wide bits =
      static_cast<Wide>(bytes - first_bytes) * 8 * 1'000'000'000 / static_cast<std::uint64_t>(duration_ns);
  return bits > UINT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(bits);
}

Result<Message> parse(ByteView bytes) {
  ByteReader in(bytes);
  const auto [type, number] = read_header(in);
  Message message;
  switch (static_cast<Type>(type)) {
    case Type::open:
      in.skip(kOpenBytes - kHeaderBytes);
      message = Open{number};
      break;
    case Type::accept: message = Accept{number, in.u64()}; break;
    case Type::refuse: message = Refuse{number}; break;
    case Type::data: message = read_data(in, number, bytes.size()); break;
    case Type::finish:
      message = Finish{number, in.u64()};
      in.skip(kReportBytes - kHeaderBytes - 8);
      break;
    case Type::report: message = read_report(in, number); break;
    default: in.expect(false, "a known type");
  }
  if (Result<> whole = in.check("bulk message"); !whole) return fail(std::move(whole));
  return message;
}

std::optional<Data> parse_data(ByteView bytes) {
  ByteReader in(bytes);
  const auto [type, token] = read_header(in);
  const Data data = read_data(in, token, bytes.size());
  if (!in.ok() || type != static_cast<std::uint8_t>(Type::data)) return std::nullopt;
  return data;
}

void emit(const Message& message, ByteWriter& out) { std::visit(Emitter{out}, message); }

}  // namespace ghostnet::bulk
