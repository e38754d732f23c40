// Opening sockets and setting what StreamOptions, UdpOptions and their like ask for.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ghostnet/realnet/file_descriptor.hpp"
#include "ghostnet/runtime/address.hpp"
#include "ghostnet/runtime/result.hpp"
#include "ghostnet/runtime/stream.hpp"
#include "ghostnet/runtime/udp.hpp"

namespace ghostnet::realnet {

// Non-blocking, closed on exec. `doing` begins the message of the error.
Result<FileDescriptor> open_socket(int domain, int type, std::string_view doing);

// Whether the kernel took it. For options without which the socket is still useful.
bool set_option(int fd, int level, int name, int value);

int domain_of(IpFamily family);

// A buffer of so many bytes, beyond the system's limit where we may; 0 leaves it to the system.
void set_buffers(int fd, std::uint32_t receive_bytes, std::uint32_t send_bytes);

// Closing will tell the peer by a reset, and forget what was not delivered.
void reset_on_close(int fd);

// Bytes for a stream, as many as the kernel takes now. Nothing: errno says why.
std::optional<std::size_t> send_now(int fd, ByteView bytes);

void set_stream_options(int fd, const StreamOptions& options);

// How a stream's sender answers congestion, by the kernel's name for it ("cubic"); false: it has none of that name.
bool set_congestion_control(int fd, const std::string& name);
// Whether sockets of this machine may have it.
bool has_congestion_control(const std::string& name);

// Whether the kernel is asked where each datagram was sent to, and by which interface it came. A socket with one
// address of its own knows the first, and the question costs a tenth of a small datagram.
bool wants_packet_info(const UdpOptions& options);

// Everything but binding. Errors: not_supported, permission.
Result<> set_udp_options(int fd, IpFamily family, const UdpOptions& options);

}  // namespace ghostnet::realnet
