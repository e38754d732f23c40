#include "ghostnet/noise/noise_stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ghostnet/runtime/wire.hpp"

namespace ghostnet::noise {
namespace {

constexpr std::size_t kSharedSealBytes = 16 * 1024;

std::size_t sealed_bytes(std::size_t plain_bytes) {
  const std::size_t messages = (plain_bytes + NoiseStream::kMaxPlaintextBytes - 1) / NoiseStream::kMaxPlaintextBytes;
  return plain_bytes + messages * (kLengthBytes + kTagBytes);
}

}  // namespace

Task<Result<std::vector<std::uint8_t>>> read_framed(Stream& stream) {
  std::array<std::uint8_t, kLengthBytes> length;
  if (Result<> read = co_await stream.read_exactly(length); !read) co_return fail(read);
  std::vector<std::uint8_t> message(load_be<std::uint16_t>(length.data()));
  if (Result<> read = co_await stream.read_exactly(message); !read) co_return fail(read);
  co_return message;
}

Task<Result<>> write_framed(Stream& stream, ByteView message) {
  if (message.size() > kMaxMessageBytes) co_return fail(Errc::message_too_large);
  std::array<std::uint8_t, kLengthBytes> length;
  store_be(length.data(), static_cast<std::uint16_t>(message.size()));
  const std::array<ByteView, 2> parts = {ByteView(length), message};
  co_return co_await stream.write(parts);
}

NoiseStream::NoiseStream(Host& host, std::unique_ptr<Stream> lower, Transport transport)
    : host_(host),
      lower_(std::move(lower)),
      foreseen_(dynamic_cast<ForeseenStream*>(lower_.get())),
      transport_(std::move(transport)) {
  host_.charge({.handshakes = 1});  // which has led to this transport
}

NoiseStream::~NoiseStream() {
  readable_relay_.disarm();
  read_by(nullptr);
  output_.deliver_rest(host_, std::move(lower_), kLinger);
}

void NoiseStream::foresee_writing(unsigned step) const {
  if (step == 0) return fetch_lines(lower_.get(), kCacheLineBytes);
  if (foreseen_ != nullptr) foreseen_->foresee_writing(step - 1);
}

// ---- reading ----

Result<std::size_t> NoiseStream::try_read(MutableByteView buffer) {
  if (opened_bytes_ > 0) return take_opened(buffer);
  if (read_error_) return fail(*read_error_);
  if (buffer.empty()) return 0;
  while (true) {
    if (in_.empty() && buffer.size() >= kDirectReadBytes) {
      Result<std::size_t> opened = read_directly(buffer);
      if (opened && *opened == 0) continue;  // no message is whole yet, or those that are say nothing
      if (opened) return opened;
      if (opened.error() == Errc::end_of_stream) return 0;
      if (opened.error() == Errc::would_block) {
        readable_relay_.arm(lower_->readable());
      } else {
        read_error_ = opened.error();
      }
      return opened;
    }
    Result<std::optional<ByteView>> message = whole_message();
    if (message && *message) {
      Result<std::size_t> opened = open_message(**message, buffer);
      if (opened && *opened == 0 && opened_bytes_ == 0) continue;  // an empty message says nothing
      if (!opened) read_error_ = opened.error();
      return opened;
    }
    Result<> filled = message ? fill() : Result<>(fail(message));
    if (filled) continue;
    if (filled.error() == Errc::would_block) {
      settle();
      readable_relay_.arm(lower_->readable());
      return fail(filled);
    }
    if (filled.error() == Errc::end_of_stream) {
      if (in_.empty()) return 0;
      filled = fail(Errc::malformed, "the stream ended within a Noise message");
    }
    read_error_ = filled.error();
    return fail(filled);
  }
}

// Whole messages are opened where they came to lie and moved together; the beginning of one that is not whole is kept.
Result<std::size_t> NoiseStream::read_directly(MutableByteView buffer) {
  const Result<std::size_t> read = lower_->try_read(buffer);
  if (!read) return fail(read);
  if (*read == 0) return fail(Errc::end_of_stream);
  std::size_t at = 0;
  std::size_t opened_bytes = 0;
  while (*read - at >= kLengthBytes) {
    const std::size_t size = load_be<std::uint16_t>(buffer.data() + at);
    if (size >= kTagBytes && *read - at < kLengthBytes + size) break;
    std::uint8_t* const sealed = buffer.data() + at + kLengthBytes;
    Result<> opened = size < kTagBytes
                          ? fail(Errc::malformed, "a Noise message of {} bytes has no room for its tag", size)
                          : transport_.receive.decrypt({}, {sealed, size}, sealed);
    if (!opened) {
      if (opened_bytes == 0) return fail(opened);
      read_error_ = opened.error();  // after what came before it
      return opened_bytes;
    }
    std::memmove(buffer.data() + opened_bytes, sealed, size - kTagBytes);
    opened_bytes += size - kTagBytes;
    at += kLengthBytes + size;
  }
  if (at < *read) in_ = PacketBuf::copy_of(buffer.subspan(at, *read - at));
  host_.charge({.aead_bytes = opened_bytes});
  return opened_bytes;
}

std::size_t NoiseStream::take_opened(MutableByteView buffer) {
  const std::size_t taken = std::min<std::size_t>(buffer.size(), opened_bytes_);
  if (taken == 0) return 0;
  std::memcpy(buffer.data(), in_.data(), taken);
  in_.trim_front(taken);
  opened_bytes_ -= static_cast<std::uint32_t>(taken);
  if (opened_bytes_ == 0) in_.trim_front(std::exchange(after_opened_, 0));
  return taken;
}

Result<std::optional<ByteView>> NoiseStream::whole_message() const {
  if (in_.size() < kLengthBytes) return std::nullopt;
  const std::size_t size = load_be<std::uint16_t>(in_.data());
  if (size < kTagBytes) return fail(Errc::malformed, "a Noise message of {} bytes has no room for its tag", size);
  if (in_.size() < kLengthBytes + size) return std::nullopt;
  return in_.view().subspan(kLengthBytes, size);
}

Result<std::size_t> NoiseStream::open_message(ByteView sealed, MutableByteView buffer) {
  const std::size_t size = sealed.size() - kTagBytes;
  host_.charge({.aead_bytes = size});
  if (size <= buffer.size()) {
    if (Result<> opened = transport_.receive.decrypt({}, sealed, buffer.data()); !opened) return fail(opened);
    in_.trim_front(kLengthBytes + sealed.size());
    return size;
  }
  in_.trim_front(kLengthBytes);
  if (Result<> opened = transport_.receive.decrypt({}, sealed, in_.data()); !opened) return fail(opened);
  opened_bytes_ = static_cast<std::uint32_t>(size);
  after_opened_ = kTagBytes;
  return take_opened(buffer);
}

// More bytes of the lower stream; room grows with what has come, not with what a length promises.
Result<> NoiseStream::fill() {
  if (in_.empty()) {
    in_ = PacketBuf::with_room(0, read_bytes_);
  } else {
    in_.reserve(0, std::max<std::size_t>(kFirstReadBytes, std::min(in_.size(), kMaxMessageBytes)));
  }
  const std::size_t room = in_.tailroom();
  const Result<std::size_t> read = lower_->try_read(in_.tail());
  if (!read) return fail(read);
  if (*read == 0) return fail(Errc::end_of_stream);
  in_.append(*read);
  if (*read == room) {
    read_bytes_ = std::min<std::uint32_t>(2 * read_bytes_, kMaxReadBytes);
  } else if (*read < read_bytes_ / 4) {
    read_bytes_ = std::max<std::uint32_t>(read_bytes_ / 2, kFirstReadBytes);
  }
  return {};
}

// Before a wait: keeps no more memory than what has come needs.
void NoiseStream::settle() {
  if (in_.empty()) {
    in_ = PacketBuf();
  } else if (in_.capacity() > kFirstReadBytes && in_.size() < in_.capacity() / 4) {
    in_ = PacketBuf::copy_of(in_.view());
  }
}

// ---- writing ----

Result<std::size_t> NoiseStream::try_write(std::span<const ByteView> parts) {
  if (Result<> room = output_.has_room(); !room) return fail(room);
  std::size_t size = 0;
  for (ByteView part : parts) size += part.size();
  size = std::min(size, kMaxMessagesAtOnce * kMaxPlaintextBytes);
  if (size == 0) return 0;
  // Most of what is written leaves at once: it is sealed in a buffer that all streams of the thread share, and only
  // what the lower stream has no room for is kept.
  thread_local PacketBuf shared = PacketBuf::with_room(0, kSharedSealBytes);
  const bool small = size <= kSharedSealBytes - kLengthBytes - kTagBytes;
  PacketBuf own = small ? PacketBuf() : PacketBuf::with_room(0, sealed_bytes(size));
  PacketBuf& out = small ? shared : own;
  out.clear();
  if (Result<> sealed = seal(parts, size, out); !sealed) return fail(output_.fail_with(sealed.error()));
  host_.charge({.aead_bytes = size});
  if (Result<> sent = output_.send(out.view()); !sent) return fail(sent);
  return size;
}

// The first `size` bytes of the parts.
Result<> NoiseStream::seal(std::span<const ByteView> parts, std::size_t size, PacketBuf& out) {
  std::size_t part = 0;
  std::size_t offset = 0;  // within the part
  while (size > 0) {
    const std::size_t plain = std::min(size, kMaxPlaintextBytes);
    size -= plain;
    store_be(out.append(kLengthBytes).data(), static_cast<std::uint16_t>(plain + kTagBytes));
    const MutableByteView sealed = out.append(plain + kTagBytes);
    while (offset == parts[part].size()) ++part, offset = 0;
    ByteView source = parts[part].subspan(offset);
    if (source.size() >= plain) {
      source = source.first(plain);
      offset += plain;
    } else {
      for (std::size_t gathered = 0; gathered < plain;) {
        const std::size_t taken = std::min(parts[part].size() - offset, plain - gathered);
        if (taken > 0) std::memcpy(sealed.data() + gathered, parts[part].data() + offset, taken);
        gathered += taken;
        offset += taken;
        if (gathered < plain) ++part, offset = 0;
      }
      source = sealed.first(plain);
    }
    if (Result<> done = transport_.send.encrypt({}, source, sealed.data()); !done) return done;
  }
  return {};
}

void NoiseStream::abort() {
  readable_relay_.disarm();
  in_ = PacketBuf();
  opened_bytes_ = after_opened_ = 0;
  read_error_ = Error(Errc::closed);
  static_cast<void>(output_.fail_with(Errc::closed));
  lower_->abort();
  wake_reader();
  wake_writer();
}

}  // namespace ghostnet::noise
