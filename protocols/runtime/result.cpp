#include "ghostnet/runtime/result.hpp"

#include <cerrno>
#include <system_error>

namespace ghostnet {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::would_block: return "would_block";
    case Errc::closed: return "closed";
    case Errc::end_of_stream: return "end_of_stream";
    case Errc::timed_out: return "timed_out";
    case Errc::refused: return "refused";
    case Errc::reset: return "reset";
    case Errc::unreachable: return "unreachable";
    case Errc::address_in_use: return "address_in_use";
    case Errc::address_not_available: return "address_not_available";
    case Errc::message_too_large: return "message_too_large";
    case Errc::no_buffers: return "no_buffers";
    case Errc::too_many_files: return "too_many_files";
    case Errc::permission: return "permission";
    case Errc::not_found: return "not_found";
    case Errc::not_supported: return "not_supported";
    case Errc::malformed: return "malformed";
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::limit: return "limit";
    case Errc::busy: return "busy";
    case Errc::protocol: return "protocol";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

Error::Error(Errc code, std::string message)
    : code_(code), message_(std::make_shared<const std::string>(std::move(message))) {}

std::string_view Error::message() const { return message_ ? std::string_view(*message_) : to_string(code_); }

Error Error::while_doing(std::string_view doing) const { return {code_, fmt::format("{}: {}", doing, message())}; }

Errc errc_from_errno(int value) {
  switch (value) {
    case EAGAIN: return Errc::would_block;
    case EPIPE:
    case EBADF:
    case EIO:
    case ESTALE:
    case ENOTCONN:
    case ESHUTDOWN: return Errc::closed;
    case ETIMEDOUT: return Errc::timed_out;
    case ECONNREFUSED: return Errc::refused;
    case ECONNRESET:
    case ECONNABORTED: return Errc::reset;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN: return Errc::unreachable;
    case EADDRINUSE: return Errc::address_in_use;
    case EADDRNOTAVAIL: return Errc::address_not_available;
    case EMSGSIZE: return Errc::message_too_large;
    case ENOBUFS:
    case ENOMEM: return Errc::no_buffers;
    case EMFILE:
    case ENFILE: return Errc::too_many_files;
    case EACCES:
    case EPERM:
    case EROFS: return Errc::permission;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR: return Errc::not_found;
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENOPROTOOPT:
    case EXDEV:
    case ENOSYS: return Errc::not_supported;
    case EINVAL:
    case EDESTADDRREQ:
    case EEXIST:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOTEMPTY:
    case ESPIPE: return Errc::invalid_argument;
    case E2BIG:
    case EDQUOT:
    case EFBIG:
    case EMLINK:
    case ENOSPC: return Errc::limit;
    case EALREADY:
    case EINPROGRESS:
    case ETXTBSY:
    case EBUSY: return Errc::busy;
    default: return Errc::internal;
  }
}

Error error_from_errno(int value, std::string_view doing) {
  return {errc_from_errno(value), fmt::format("{}: {}", doing, std::generic_category().message(value))};
}

}  // namespace ghostnet
