#include "interruption.hpp"

#include <csignal>
#include <cstdlib>

#include "command.hpp"

namespace ghostnet::cli {

namespace {

volatile std::sig_atomic_t interruptions = 0;

void note_interruption(int) {
  interruptions = interruptions + 1;
  if (interruptions > 1) std::_Exit(kInterrupted);
}

}  // namespace

void watch_for_interruption() {
  std::signal(SIGINT, note_interruption);
  std::signal(SIGTERM, note_interruption);
}

bool interrupted() { return interruptions != 0; }

}  // namespace ghostnet::cli
