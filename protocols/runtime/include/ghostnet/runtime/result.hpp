// Result<T> and Error: how everything that a peer, the network or a user can cause is reported.
//
// Exceptions and assertions mean a bug of ours; a refused connection, a malformed message or a full queue is a Result.
// An Error is a code to branch on and, away from the hot path, a message that says what was being done, with what,
// and what to do about it. An Error without a message allocates nothing, so would_block costs as much as an integer.
#pragma once

#include <fmt/core.h>

#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ghostnet {

enum class Errc : std::uint8_t {
  would_block,            // nothing to read, or no room to write, at this moment
  closed,                 // this end was closed, or its host went down
  end_of_stream,          // the peer finished sending where more was needed
  timed_out,              // a deadline passed
  refused,                // nobody listens there
  reset,                  // the peer, or something between, aborted the connection
  unreachable,            // no route, network or host down, administratively prohibited
  address_in_use,         // another socket holds this address and port
  address_not_available,  // the address is not one of this host
  message_too_large,      // more than the path, the socket or the protocol can carry in one piece
  no_buffers,             // a bounded pool or queue is full, ours or the kernel's
  too_many_files,         // the limit on open descriptors is reached
  permission,             // the system forbids it
  not_found,              // a name, file or entry does not exist
  not_supported,          // this world, kernel or build cannot do it
  malformed,              // bytes that break their format
  invalid_argument,       // a value outside what the call documents
  limit,                  // a named bound of ours would be exceeded
  busy,                   // another operation of the same kind is under way
  protocol,               // well-formed, but not allowed by the protocol here
  internal,               // should not have happened, and did: a bug, reported instead of a crash
};

// The code's name as it stands above, for messages and records.
std::string_view to_string(Errc code);

class [[nodiscard]] Error {
 public:
  Error(Errc code) : code_(code) {}  // NOLINT: a bare code is a complete error
  Error(Errc code, std::string message);

  template <class... Args>
    requires(sizeof...(Args) > 0)
  Error(Errc code, fmt::format_string<Args...> format, Args&&... args)
      : Error(code, fmt::format(format, std::forward<Args>(args)...)) {}

  Errc code() const { return code_; }

  // What was being done, with what, and the way out. The code's name where no message was given.
  std::string_view message() const;

  // This error with "doing: " put before its message.
  Error while_doing(std::string_view doing) const;

  friend bool operator==(const Error& error, Errc code) { return error.code_ == code; }

 private:
  Errc code_;
  std::shared_ptr<const std::string> message_;
};

template <class T = void>
using Result = std::expected<T, Error>;

// `return fail(Errc::malformed, "frame type {} at byte {}", type, at);`
template <class... Args>
  requires(sizeof...(Args) > 0)
std::unexpected<Error> fail(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return std::unexpected<Error>(Error(code, format, std::forward<Args>(args)...));
}
inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected<Error>(std::in_place, code, std::move(message));
}
inline std::unexpected<Error> fail(Errc code) { return std::unexpected<Error>(std::in_place, code); }

inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

// Passes on the error of a failed Result: `if (!r) return fail(r);`
template <class T>
std::unexpected<Error> fail(const Result<T>& failed) {
  return std::unexpected<Error>(failed.error());
}
template <class T>
std::unexpected<Error> fail(Result<T>&& failed) {
  return std::unexpected<Error>(std::move(failed).error());
}

// The Error that stands for an errno value; `doing` begins the message.
Error error_from_errno(int errno_value, std::string_view doing);
// The code alone, for the hot path: never allocates.
Errc errc_from_errno(int errno_value);

}  // namespace ghostnet
