#include "ghostnet/support/memory_stream.hpp"

#include <algorithm>
#include <vector>

namespace ghostnet::support {

MemoryStream::Pair MemoryStream::make_pair(Courier& courier, const Options& options) {
  auto wire = std::make_shared<Wire>(courier, options.buffer_bytes);
  std::unique_ptr<MemoryStream> client(new MemoryStream(wire, 0, options.client, options.server));
  std::unique_ptr<MemoryStream> server(new MemoryStream(wire, 1, options.server, options.client));
  return {std::move(client), std::move(server)};
}

MemoryStream::MemoryStream(std::shared_ptr<Wire> wire, int side, const Endpoint& local, const Endpoint& peer)
    : wire_(std::move(wire)), side_(side), local_(local), peer_(peer) {
  own().stream = this;
}

MemoryStream::~MemoryStream() {
  if (!shut_) abort();
  own().stream = nullptr;
  // A writer that waits for room here will never get it.
  wire_->courier.send([wire = wire_, side = 1 - side_] {
    wire->ends[side].peer_gone = true;
    wake(wire->ends[side]);
  });
}

Result<std::size_t> MemoryStream::try_read(MutableByteView buffer) {
  if (aborted_) return fail(Errc::closed);
  End& in = own();
  if (in.reset) return fail(Errc::reset);
  if (in.received.empty()) {
    if (in.finished) return std::size_t{0};
    return fail(Errc::would_block);
  }
  std::size_t size_bytes = std::min(buffer.size(), in.received.size());
  std::copy_n(in.received.begin(), size_bytes, buffer.begin());
  in.received.erase(in.received.begin(), in.received.begin() + static_cast<std::ptrdiff_t>(size_bytes));
  wire_->courier.send([wire = wire_, side = 1 - side_] {
    if (wire->ends[side].stream != nullptr) wire->ends[side].stream->wake_writer();
  });
  return size_bytes;
}

Result<std::size_t> MemoryStream::try_write(std::span<const ByteView> parts) {
  if (aborted_ || shut_) return fail(Errc::closed);
  if (own().reset || own().peer_gone) return fail(Errc::reset);
  std::size_t room_bytes = wire_->buffer_bytes - other().received.size() - other().under_way_bytes;
  if (room_bytes == 0) return fail(Errc::would_block);
  std::vector<std::uint8_t> bytes;
  for (ByteView part : parts) {
    part = part.first(std::min(part.size(), room_bytes - bytes.size()));
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  std::size_t size_bytes = bytes.size();
  other().under_way_bytes += size_bytes;
  wire_->courier.send([wire = wire_, side = 1 - side_, bytes = std::move(bytes)] {
    End& end = wire->ends[side];
    end.under_way_bytes -= bytes.size();
    if (end.stream == nullptr || end.reset) return;
    end.received.insert(end.received.end(), bytes.begin(), bytes.end());
    end.stream->wake_reader();
  });
  return size_bytes;
}

Result<> MemoryStream::shutdown_send() {
  if (aborted_) return fail(Errc::closed);
  if (shut_) return {};
  shut_ = true;
  wire_->courier.send([wire = wire_, side = 1 - side_] {
    wire->ends[side].finished = true;
    wake(wire->ends[side]);
  });
  wake_writer();
  return {};
}

void MemoryStream::abort() {
  if (aborted_) return;
  aborted_ = true;
  own().received.clear();
  wire_->courier.send([wire = wire_, side = 1 - side_] {
    End& end = wire->ends[side];
    end.reset = true;
    end.received.clear();
    wake(end);
  });
  wake(own());
}

void MemoryStream::wake(End& end) {
  if (end.stream == nullptr) return;
  end.stream->wake_reader();
  end.stream->wake_writer();
}

}  // namespace ghostnet::support
