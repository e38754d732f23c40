// Reads any bytes as a trace: the reader ends, stays inside the bytes, and what it returns can be written and read
// again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "ghostnet/capture/pcapng.hpp"

namespace ghostnet::capture {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool inside(ByteView trace, ByteView part) {
  return part.empty() || (part.data() >= trace.data() && part.data() + part.size() <= trace.data() + trace.size());
}

// Writes one section of what is read, with the interfaces and packets in their order.
class Copier {
 public:
  explicit Copier(ByteView original) : original_(original) {}

  void operator()(const SectionStart& section) {
    for (const std::string_view text : {section.hardware, section.os, section.application, section.comment}) {
      require(inside(original_, as_bytes(text)));
    }
    writer_.emplace([this](ByteView bytes) -> Result<> {
      return copy_.insert(copy_.end(), bytes.begin(), bytes.end()), Result<>{};
    });
    copy_.clear();
    packets_.clear();
  }
  void operator()(const Interface& interface) {
    require(inside(original_, as_bytes(interface.name)) && inside(original_, as_bytes(interface.description)));
    Interface unlimited = interface;
    unlimited.snap_bytes = 0;  // traces exist whose packets exceed it
    require(writer_->add_interface(unlimited).has_value());
  }
  void operator()(const Packet& packet) {
    require(inside(original_, packet.bytes) && inside(original_, as_bytes(packet.comment)));
    if (writer_->write(packet)) packets_.push_back(packet);
  }
  void operator()(const Statistics& statistics) { (void)writer_->write(statistics); }

  void check() {
    if (!writer_) return;
    require(writer_->flush().has_value());
    PcapngReader reader(copy_);
    std::size_t at = 0;
    for (;;) {
      const auto record = reader.next();
      require(record.has_value());
      if (!*record) break;
      const Packet* const packet = std::get_if<Packet>(&**record);
      if (packet == nullptr) continue;
      require(at < packets_.size());
      const Packet& expected = packets_[at++];
      require(packet->interface == expected.interface && packet->time == expected.time);
      require(equal(packet->bytes, expected.bytes) && packet->comment == expected.comment);
      require(packet->direction == expected.direction && packet->dropped == expected.dropped);
    }
    require(at == packets_.size());
  }

 private:
  ByteView original_;
  std::vector<std::uint8_t> copy_;
  std::vector<Packet> packets_;
  std::optional<PcapngWriter> writer_;
};

}  // namespace
}  // namespace ghostnet::capture

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ghostnet::capture;  // NOLINT
  const ghostnet::ByteView trace(data, size);
  PcapngReader reader(trace);
  Copier copier(trace);
  for (std::size_t last = 0;;) {
    const auto record = reader.next();
    require(reader.position_bytes() >= last && reader.position_bytes() <= size);
    if (!record) require(reader.next().error().code() == record.error().code());
    if (!record || !*record) break;
    require(reader.position_bytes() > last);
    last = reader.position_bytes();
    std::visit(copier, **record);
  }
  copier.check();
  return 0;
}
