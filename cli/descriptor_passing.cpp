#include "descriptor_passing.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

namespace ghostnet::cli {

namespace {

// A message of one number, with room for one descriptor beside it.
struct Message {
  explicit Message(std::size_t& number) : part{&number, sizeof number} {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }

  iovec part;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
};

}  // namespace

bool send_request(int socket, const Request& request) {
  std::size_t number = request.number;
  Message message(number);
  cmsghdr* beside = CMSG_FIRSTHDR(&message.header);
  beside->cmsg_level = SOL_SOCKET;
  beside->cmsg_type = SCM_RIGHTS;
  beside->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(beside), &request.descriptor, sizeof(int));
  return sendmsg(socket, &message.header, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof number);
}

std::optional<Request> receive_request(int socket) {
  Request request;
  Message message(request.number);
  if (recvmsg(socket, &message.header, 0) != static_cast<ssize_t>(sizeof request.number)) return std::nullopt;
  const cmsghdr* beside = CMSG_FIRSTHDR(&message.header);
  if (beside == nullptr || beside->cmsg_type != SCM_RIGHTS) return std::nullopt;
  std::memcpy(&request.descriptor, CMSG_DATA(beside), sizeof(int));
  return request;
}

}  // namespace ghostnet::cli
