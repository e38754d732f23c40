#include "ghostnet/realnet/mailbox.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

#include "ghostnet/realnet/socket_address.hpp"

namespace ghostnet::realnet {

Result<FileDescriptor> Mailbox::open() {
  FileDescriptor fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd) return system_failure(errno, "creating an event descriptor");
  return fd;
}

Mailbox::~Mailbox() { poller_.remove(eventfd_.get()); }

Result<> Mailbox::watch() { return poller_.add(eventfd_.get(), *this, EPOLLIN); }

void Mailbox::post(Letter letter) {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = letters_.empty();
    letters_.push_back(std::move(letter));
  }
  if (first) wake();
}

void Mailbox::wake() const {
  const std::uint64_t one = 1;
  // Full means that a wake-up is pending already.
  [[maybe_unused]] const ssize_t written = ::write(eventfd_.get(), &one, sizeof one);
}

void Mailbox::ready(std::uint32_t) { woken_ = true; }

void Mailbox::deliver() {
  if (!std::exchange(woken_, false)) return;
  // The counter is never read: edge-triggered, each write is an event of its own.
  std::vector<Letter> letters;
  {
    std::lock_guard lock(mutex_);
    letters.swap(letters_);
  }
  for (Letter& letter : letters) letter();
}

}  // namespace ghostnet::realnet
