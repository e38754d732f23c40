#include "ghostnet/runtime/stream.hpp"

#include <algorithm>
#include <cassert>

namespace ghostnet {

std::size_t Stream::WriteAwaiter::gather(std::array<ByteView, kPartsAtOnce>& window) const {
  std::size_t count = 0;
  if (!single_.empty()) window[count++] = single_;
  for (ByteView part : parts_) {
    if (count == window.size()) break;
    if (!part.empty()) window[count++] = part;
  }
  return count;
}

void Stream::WriteAwaiter::advance(std::size_t accepted_bytes) {
  while (true) {
    std::size_t now = std::min(accepted_bytes, single_.size());
    single_ = single_.subspan(now);
    accepted_bytes -= now;
    if (accepted_bytes == 0 || parts_.empty()) return;
    single_ = parts_.front();
    parts_ = parts_.subspan(1);
  }
}

bool Stream::WriteAwaiter::await_ready() {
  std::array<ByteView, kPartsAtOnce> window;
  while (std::size_t count = gather(window)) {
    Result<std::size_t> accepted = stream_->try_write(std::span(window.data(), count));
    if (accepted) {
      assert(*accepted > 0 && "a stream without room says would_block");
      advance(*accepted);
      continue;
    }
    if (accepted.error() == Errc::would_block) return false;
    outcome_ = fail(std::move(accepted));
    break;
  }
  finished_ = true;
  return true;
}

Task<Result<>> Stream::read_exactly(MutableByteView buffer) {
  std::size_t wanted_bytes = buffer.size();
  while (!buffer.empty()) {
    Result<std::size_t> got = co_await read(buffer);
    if (!got) co_return fail(std::move(got));
    if (*got == 0) {
      co_return fail(Errc::end_of_stream, "the peer {} finished {} bytes short of the {} expected", peer(),
                     buffer.size(), wanted_bytes);
    }
    buffer = buffer.subspan(*got);
  }
  co_return {};
}

}  // namespace ghostnet
