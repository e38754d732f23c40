// NoiseStream: a Stream that is encrypted by the two ciphers of a finished handshake, over another Stream.
//
// Each message has its length in front, two bytes, big-endian, as libp2p and most others frame Noise on streams. What
// is written together is sealed into as few messages as possible and leaves in one write. A reader with a buffer of
// kDirectReadBytes or more has its messages read into that buffer and opened there, several at once; a smaller one gets
// them decrypted into it where the whole message fits. An idle stream holds no buffer; one in the middle of
// a message holds what has come of it. The end of the lower stream between two messages is the end of this one (Noise
// has no farewell of its own); within one it is malformed, as is a message whose tag does not fit, and nothing can be
// read after either.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ghostnet/noise/handshake_state.hpp"
#include "ghostnet/runtime/foresight.hpp"
#include "ghostnet/runtime/host.hpp"
#include "ghostnet/runtime/packet_buf.hpp"
#include "ghostnet/runtime/readiness_relay.hpp"
#include "ghostnet/runtime/sealed_output.hpp"
#include "ghostnet/runtime/stream.hpp"

namespace ghostnet::noise {

inline constexpr std::size_t kLengthBytes = 2;

// One handshake message, framed. Errors: those of the stream; end_of_stream.
Task<Result<std::vector<std::uint8_t>>> read_framed(Stream& stream);
Task<Result<>> write_framed(Stream& stream, ByteView message);

class NoiseStream final : public Stream, public ForeseenStream {
 public:
  static constexpr std::size_t kMaxPlaintextBytes = kMaxMessageBytes - kTagBytes;
  static constexpr std::size_t kMaxMessagesAtOnce = 2;      // of full size, sealed ahead of the lower stream
  static constexpr std::size_t kFirstReadBytes = 4 * 1024;  // grows with what comes at once
  static constexpr std::size_t kMaxReadBytes = 128 * 1024;
  static constexpr std::size_t kDirectReadBytes = 4 * 1024;
  static constexpr Duration kLinger = 30s;  // for what is sealed when the stream is dropped

  NoiseStream(Host& host, std::unique_ptr<Stream> lower, Transport transport);
  ~NoiseStream() override;

  Endpoint local() const override { return lower_->local(); }
  Endpoint peer() const override { return lower_->peer(); }
  Result<std::size_t> try_read(MutableByteView buffer) override;
  Result<std::size_t> try_write(std::span<const ByteView> parts) override;
  Result<> shutdown_send() override { return output_.shutdown(); }
  void abort() override;
  // What is not whole waits for more of the lower stream, and so does the reader.
  ReadyAwaiter readable() override {
    if (read_error_) return Stream::readable();
    readable_relay_.disarm();
    return lower_->readable();
  }

  void foresee_writing(unsigned step) const override;
  void read_by(const ForeseenReader* reader) override {
    if (foreseen_ != nullptr) foreseen_->read_by(reader);
  }

  // Section 4.2 of Noise, for protocols that do it at an agreed message.
  void rekey_sending() { transport_.send.rekey(); }
  void rekey_receiving() { transport_.receive.rekey(); }

 protected:
  Loop& loop() override { return host_.loop(); }

 private:
  void lower_readable() { wake_reader(); }
  void output_left() { wake_writer(); }

  std::size_t take_opened(MutableByteView buffer);
  // Of the first message in in_: its bytes; nothing while it is not there as a whole.
  Result<std::optional<ByteView>> whole_message() const;
  Result<std::size_t> open_message(ByteView sealed, MutableByteView buffer);
  Result<std::size_t> read_directly(MutableByteView buffer);
  Result<> fill();
  void settle();
  Result<> seal(std::span<const ByteView> parts, std::size_t size, PacketBuf& out);

  Host& host_;
  std::unique_ptr<Stream> lower_;
  ForeseenStream* foreseen_;  // the same; null where it is none
  Transport transport_;
  PacketBuf in_;                    // of messages that are not opened yet
  std::uint32_t opened_bytes_ = 0;  // at the front of in_: plaintext that no buffer had room for
  std::uint32_t after_opened_ = 0;  // bytes to skip once it is taken
  std::uint32_t read_bytes_ = kFirstReadBytes;
  std::optional<Error> read_error_;
  ReadinessRelay<NoiseStream, &NoiseStream::lower_readable> readable_relay_{*this};
  SealedOutput<NoiseStream, &NoiseStream::output_left> output_{*this, *lower_};
};

}  // namespace ghostnet::noise
