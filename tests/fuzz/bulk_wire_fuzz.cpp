// A bulk message either fails to parse or is written as something that parses to the same; the receiver survives any
// sequence of packets and never reports more than it was given.
#include <cstdlib>
#include <vector>

#include "ghostnet/bulk/receiver.hpp"
#include "ghostnet/bulk/wire.hpp"

namespace {

using namespace ghostnet;

void check_message(ByteView bytes) {
  const Result<bulk::Message> message = bulk::parse(bytes);
  const std::optional<bulk::Data> data = bulk::parse_data(bytes);
  if (data.has_value() != (message && std::holds_alternative<bulk::Data>(*message))) std::abort();
  if (!message) return;
  std::vector<std::uint8_t> room(bytes.size() + bulk::kReportBytes);
  ByteWriter out(room);
  bulk::emit(*message, out);
  const Result<bulk::Message> again = bulk::parse(out.written());
  if (!out.ok() || !again || *again != *message) std::abort();
}

void check_receiver(ByteView bytes) {
  bulk::Receiver receiver(1ms);
  ByteReader in(bytes);
  TimePoint now{};
  std::uint64_t given = 0, counted = 0;
  while (in.remaining() >= 20) {
    const std::uint64_t sequence = in.u64();
    const auto sent_at_ns = static_cast<std::int64_t>(in.u64());
    now += Duration{in.u24()};
    const std::size_t size = in.u8();
    receiver.for_each_interval(now, [](std::uint64_t) {});
    ++given;
    if (receiver.on_packet(sequence, sent_at_ns, size, now) != bulk::Receiver::Verdict::duplicate) ++counted;
  }
  const bulk::Report report = receiver.report(given);
  if (report.packets != counted || report.packets + report.duplicates != given || report.jitter_ns < 0) std::abort();
  if (report.first_bytes > report.bytes || report.duration_ns < 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_message(ByteView(data, size));
  check_receiver(ByteView(data, size));
  return 0;
}
