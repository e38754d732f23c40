// A request to a child process: a number and an open file descriptor, over a Unix socket.
#pragma once

#include <cstddef>
#include <optional>

namespace ghostnet::cli {

struct Request {
  std::size_t number = 0;
  int descriptor = -1;  // the receiver's own
};

// The sender keeps its descriptor. False where nobody listens any more.
bool send_request(int socket, const Request& request);
// Waits for one; nothing when the other end is closed, or a signal came.
std::optional<Request> receive_request(int socket);

}  // namespace ghostnet::cli
